// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/certificate.h"
#include "server/log.h"
#include "server/wire.h"

namespace actbench {
namespace {

// Far more fields than a good request has, array elements counted.
constexpr int64_t kMaxValues = 256;

int64_t Milliseconds(absl::Duration duration) {
  return duration == absl::InfiniteDuration() ? -1 : absl::ToInt64Milliseconds(duration);
}

}  // namespace

void AccuracyCall::Start(grpc::ByteBuffer& request_bytes) {
  self_ = shared_from_this();
  request_size_ = static_cast<int64_t>(request_bytes.Length());
  absl::Status status = ParseMessage(request_bytes, kMaxValues, request());
  status = status.ok() ? Accept() : work_.Refuse(status);
  if (status.ok()) {
    services_.ticker.Add(self_);
  } else {
    Conclude(std::move(status));
    FinishCall();
  }
}

absl::Status AccuracyCall::Accept() {
  if (absl::Status status = work_.CheckDeadline(); !status.ok()) return status;
  absl::StatusOr<AccuracyPlan> plan = Plan();
  if (!plan.ok()) return work_.Refuse(plan.status());
  // Not the measurement's own memory, 4 to 52 MiB: two run at a time.
  absl::Status status = work_.Reserve(static_cast<int64_t>(request().SpaceUsedLong()));
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<AccuracyJob>> job = AccuracyJob::Make(
      *std::move(plan), work_.deadline(), [self = shared_from_this()](const absl::Status& end) { self->NoteEnd(end); });
  if (!job.ok()) return work_.Refuse(job.status());
  AccuracyJob& submitted = **job;
  {
    MutexLock lock(mutex_);
    job_ = *std::move(job);
  }
  return work_.Submit(submitted);
}

void AccuracyCall::NoteEnd(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    ended_ = status;
  }
  services_.ticker.Wake();
}

bool AccuracyCall::Tick(bool periodic) {
  std::optional<absl::Status> ended;
  {
    MutexLock lock(mutex_);
    ended = std::exchange(ended_, std::nullopt);
  }
  // Also while a reader keeps the stream, as the work takes far more memory than its result.
  if (ended.has_value()) End(*ended);
  bool writing = false;
  bool concluded = false;
  {
    MutexLock lock(mutex_);
    writing = writing_;
    concluded = conclusion_.has_value();
  }
  if (writing) return true;
  if (concluded) {
    FinishCall();
    return false;
  }
  if (periodic || !wrote_) WriteProgress();
  return true;
}

void AccuracyCall::End(const absl::Status& status) {
  bool stores = false;
  {
    MutexLock lock(mutex_);
    stores = status.ok() && job_->plan().exhaustive();
  }
  if (!stores) return Conclude(status);
  services_.writes.Post([self = shared_from_this()] {
    self->Conclude(absl::OkStatus());
    self->services_.ticker.Wake();
  });
}

void AccuracyCall::WriteProgress() {
  std::shared_ptr<AccuracyJob> job;
  {
    MutexLock lock(mutex_);
    if (job_ == nullptr) return;  // concluded this moment
    job = job_;
    writing_ = true;
  }
  const AccuracyJob::Progress now = job->progress();
  v1::AccuracyProgress progress;
  progress.set_inputs_done(static_cast<int64_t>(now.inputs_done));
  progress.set_inputs_total(static_cast<int64_t>(now.inputs_total));
  progress.set_remaining_ms(Milliseconds(now.remaining));
  progress.set_queue_place(static_cast<int>(services_.work.scheduler.Place(*job).value_or(0)));
  job.reset();
  wrote_ = true;
  progress_ = SerializeMessage(Progress(progress));
  StartWrite(&progress_);
}

void AccuracyCall::OnWriteDone(bool /*ok*/) {
  // A message that could not be written means that the call is cancelled, as OnCancel is told.
  {
    MutexLock lock(mutex_);
    writing_ = false;
  }
  services_.ticker.Wake();
}

void AccuracyCall::OnCancel() {
  std::shared_ptr<AccuracyJob> job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  if (job != nullptr) work_.Cancel(*job);
}

void AccuracyCall::OnDone() { const std::shared_ptr<AccuracyCall> self = std::move(self_); }

void AccuracyCall::Conclude(absl::Status status) {
  std::shared_ptr<AccuracyJob> job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  if (status.ok()) {
    result_ = SerializeMessage(Result(*job));
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
  conclusion_ = std::move(status);
}

void AccuracyCall::FinishCall() {
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

v1::Certificate AccuracyCall::Certify(const AccuracyJob& job, size_t kernel) const {
  const AccuracyReport report = job.measurement().Report(kernel);
  v1::Certificate certificate = MakeCertificate(services_.origin, services_.store, job, kernel, report);
  SetClaim(certificate);
  if (!job.plan().exhaustive()) return certificate;
  if (IsRepresentative(certificate)) {
    services_.work.metrics.AccuracyChecked(*job.plan().kernels[kernel], AccuracySource::kCertificate, report);
  }
  absl::StatusOr<CertificateStore::Stored> stored = services_.store.Add(certificate);
  if (stored.ok()) {
    certificate.set_id(std::move(stored->id));
    certificate.set_unsaved(stored->unsaved);
  } else {
    // The client has it all the same.
    Log(LogLevel::kWarning, absl::StrCat("a certificate of ", certificate.kernel().name(),
                                         " could not be stored: ", std::string(stored.status().message())));
  }
  return certificate;
}

}  // namespace actbench
