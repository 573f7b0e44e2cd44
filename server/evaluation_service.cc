// SPDX-License-Identifier: Apache-2.0
#include "server/evaluation_service.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/convert.h"
#include "server/evaluate_job.h"
#include "server/wire.h"

namespace actbench {
namespace {

constexpr char kMethod[] = "Evaluate";

// Far more fields than a good item has, array elements counted.
constexpr int64_t kValuesPerItem = 256;

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  // How gRPC says "none".
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace

// One call, from the handler to OnDone, where it deletes itself. Whoever ends it calls Finish exactly once: Start if it
// is refused, else the job's Done. gRPC calls OnCancel and OnDone only after the handler has returned, and OnDone only
// after Finish and OnCancel have.
class EvaluationService::Call final : public grpc::ServerUnaryReactor {
 public:
  Call(EvaluationService& service, const grpc::CallbackServerContext& context, grpc::ByteBuffer& response)
      : service_(service), deadline_(DeadlineOf(context)), response_bytes_(response) {}

  void Start(grpc::ByteBuffer& request) {
    request_size_ = static_cast<int64_t>(request.Length());
    absl::Status status = ParseMessage(request, kValuesPerItem * service_.limits_.batch_items, request_);
    status = status.ok() ? Accept() : Refuse(ToRejection(status), status);
    if (status.ok()) return;
    // Nothing of what is refused is kept until the client has read the answer.
    job_.reset();
    v1::EvaluateRequest().Swap(&request_);
    ReleaseMemory();
    Finish(ToGrpc(status));
  }

  void OnCancel() override {
    if (!job_.has_value()) return;
    const bool expired = deadline_ <= absl::Now();
    service_.scheduler_.Cancel(*job_, expired ? absl::DeadlineExceededError("the deadline passed")
                                              : absl::CancelledError("the client cancelled the call"));
  }

  void OnDone() override {
    Calls& calls = service_.calls_;
    if (answered_) CheckSamples();
    ReleaseMemory();
    const bool accepted = accepted_;
    delete this;
    calls.NoteActivity();
    if (accepted) calls.Ended();
  }

 private:
  // Hands the job to the scheduler, or says why not.
  absl::Status Accept() {
    const Limits& limits = service_.limits_;
    if (request_.items_size() > limits.batch_items) {
      return Refuse(Rejection::kTooLarge,
                    absl::ResourceExhaustedError(absl::StrCat("items has ", request_.items_size(), " items; at most ",
                                                              limits.batch_items, " are allowed (--max_batch_items)")));
    }
    if (deadline_ <= absl::Now()) {
      return Refuse(Rejection::kDeadline,
                    absl::DeadlineExceededError("the deadline had passed when the request arrived"));
    }
    job_.emplace(
        request_, *response_, service_.catalog_, limits, service_.metrics_, deadline_,
        [this](const absl::Status& status) { End(status); }, &service_.live_, &service_.self_check_);
    if (absl::Status status = service_.budget_.Reserve(job_->memory_bytes()); !status.ok()) {
      return Refuse(Rejection::kInflightBytes, status);
    }
    reserved_bytes_ = job_->memory_bytes();
    job_->AllocateOutputs();
    return Submit();
  }

  absl::Status Submit() {
    // Counted before the job can be done, so that no drain misses it. After a successful Submit another thread may
    // already be at End, but not at OnDone.
    service_.calls_.Accepted();
    accepted_ = true;
    absl::Status status = service_.scheduler_.Submit(*job_);
    if (status.ok()) return status;
    accepted_ = false;
    service_.calls_.Ended();
    return Refuse(absl::IsUnavailable(status) ? Rejection::kDraining : Rejection::kQueueFull, status);
  }

  void ReleaseMemory() { service_.budget_.Release(std::exchange(reserved_bytes_, 0)); }

  absl::Status Refuse(Rejection reason, const absl::Status& status) {
    service_.metrics_.Rejected(kMethod, reason);
    return status;
  }

  // Only now, as it is not to delay the answer.
  void CheckSamples() {
    std::vector<std::unique_ptr<LiveSamples>> samples = job_->TakeSamples();
    if (!samples.empty()) service_.live_.Check(std::move(samples));
  }

  void End(const absl::Status& status) {
    answered_ = status.ok();
    if (status.ok()) {
      response_bytes_ = SerializeMessage(response_);
      service_.metrics_.ObserveMessageBytes(kMethod, request_size_, static_cast<int64_t>(response_bytes_.Length()));
    }
    Finish(ToGrpc(status));
  }

  EvaluationService& service_;
  const absl::Time deadline_;
  grpc::ByteBuffer& response_bytes_;
  int64_t request_size_ = 0;
  v1::EvaluateRequest request_;
  // Shared with what gRPC still writes when the call has ended.
  const std::shared_ptr<v1::EvaluateResponse> response_ = std::make_shared<v1::EvaluateResponse>();
  std::optional<EvaluateJob> job_;
  int64_t reserved_bytes_ = 0;
  bool accepted_ = false;
  bool answered_ = false;
};

grpc::ServerUnaryReactor* EvaluationService::Evaluate(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  calls_.NoteActivity();
  auto* call = new Call(*this, *context, *response);
  // gRPC made the buffer for this call alone and reads it no more: emptying it frees the memory early.
  call->Start(*const_cast<grpc::ByteBuffer*>(request));
  return call;
}

}  // namespace actbench
