// SPDX-License-Identifier: Apache-2.0
#include "server/job_call.h"

#include <utility>

#include "server/convert.h"
#include "server/wire.h"

namespace actbench {

void JobCall::Start(grpc::ByteBuffer& request_bytes, int64_t max_values) {
  self_ = shared_from_this();
  request_size_ = static_cast<int64_t>(request_bytes.Length());
  absl::Status status = ParseMessage(request_bytes, max_values, request());
  status = status.ok() ? Accept() : work_.Refuse(status);
  if (status.ok()) {
    services_.ticker.Add(self_);
  } else {
    Conclude(std::move(status));
    FinishCall();
  }
}

absl::Status JobCall::Accept() {
  if (absl::Status status = work_.CheckDeadline(); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<Job>> job =
      MakeJob(work_.deadline(), [self = shared_from_this()](const absl::Status& end) { self->NoteEnd(end); });
  if (!job.ok()) return work_.Refuse(job.status());
  // Not what the job takes itself: few run at a time.
  absl::Status status = work_.Reserve(static_cast<int64_t>(request().SpaceUsedLong()));
  if (!status.ok()) return status;
  Job& submitted = **job;
  {
    MutexLock lock(mutex_);
    job_ = *std::move(job);
  }
  return work_.Submit(submitted);
}

void JobCall::NoteEnd(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    ended_ = status;
  }
  services_.ticker.Wake();
}

bool JobCall::Tick(bool periodic) {
  std::optional<absl::Status> ended;
  {
    MutexLock lock(mutex_);
    ended = std::exchange(ended_, std::nullopt);
  }
  // Also while a reader keeps the stream, as the work takes far more memory than its result.
  if (ended.has_value()) {
    ending_ = true;
    End(*ended);
  }
  bool writing = false;
  bool concluded = false;
  {
    MutexLock lock(mutex_);
    writing = writing_;
    concluded = conclusion_.has_value() && (unsent_.empty() || !conclusion_->ok());
  }
  if (writing) return true;
  if (concluded) {
    FinishCall();
    return false;
  }
  WriteNext(periodic || !wrote_);
  return true;
}

void JobCall::End(const absl::Status& status) {
  bool stores = false;
  {
    MutexLock lock(mutex_);
    stores = status.ok() && ConclusionStores(*job_);
  }
  if (!stores) return Conclude(status);
  services_.writes.Post([self = shared_from_this()] {
    self->Conclude(absl::OkStatus());
    self->services_.ticker.Wake();
  });
}

void JobCall::WriteNext(bool due) {
  std::shared_ptr<Job> job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  std::vector<Response> results = job == nullptr || ending_ ? std::vector<Response>() : TakeResults(*job);
  Response next;
  {
    MutexLock lock(mutex_);
    for (Response& result : results) unsent_.push_back(std::move(result));
    if (!unsent_.empty()) {
      next = std::move(unsent_.front());
      unsent_.pop_front();
    }
  }
  if (next == nullptr) {
    if (!due || job == nullptr) return;  // nothing, or concluded this moment
    next = Progress(*job, static_cast<int>(services_.work.scheduler.Place(*job).value_or(0)));
  }
  job.reset();
  wrote_ = true;
  message_ = SerializeMessage(next);
  {
    MutexLock lock(mutex_);
    writing_ = true;
  }
  StartWrite(&message_);
}

void JobCall::OnWriteDone(bool /*ok*/) {
  // A message that could not be written means that the call is cancelled, as OnCancel is told.
  {
    MutexLock lock(mutex_);
    writing_ = false;
  }
  services_.ticker.Wake();
}

void JobCall::OnCancel() {
  std::shared_ptr<Job> job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  if (job == nullptr) return;
  work_.Cancel(*job);
  Interrupt(*job);
}

void JobCall::OnDone() { const std::shared_ptr<JobCall> self = std::move(self_); }

void JobCall::Conclude(absl::Status status) {
  std::shared_ptr<Job> job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  std::vector<Response> results;
  if (status.ok()) {
    results = TakeResults(*job);
    result_ = SerializeMessage(Conclusion(*job));
    services_.work.metrics.ObserveMessageBytes(method_, request_size_, static_cast<int64_t>(result_.Length()));
  }
  // Nothing of the work is kept until the client has read its end.
  {
    MutexLock lock(mutex_);
    job_.reset();
  }
  job.reset();
  const std::unique_ptr<Message> emptied(request().New());
  request().GetReflection()->Swap(&request(), emptied.get());
  work_.ReleaseTo(static_cast<int64_t>(result_.Length()));
  MutexLock lock(mutex_);
  for (Response& result : results) unsent_.push_back(std::move(result));
  conclusion_ = std::move(status);
}

void JobCall::FinishCall() {
  absl::Status conclusion;
  {
    MutexLock lock(mutex_);
    conclusion = *conclusion_;
  }
  if (conclusion.ok()) {
    StartWriteAndFinish(&result_, {}, grpc::Status::OK);
  } else {
    Finish(ToGrpc(conclusion));
  }
}

}  // namespace actbench
