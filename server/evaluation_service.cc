// SPDX-License-Identifier: Apache-2.0
#include "server/evaluation_service.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/evaluate_job.h"
#include "server/wire.h"

namespace actbench {
namespace {

constexpr char kMethod[] = "Evaluate";

// Far more fields than a good item has, array elements counted.
constexpr int64_t kValuesPerItem = 256;

}  // namespace

// One call, from the handler to OnDone, where it deletes itself. Whoever ends it calls Finish exactly once: Start if it
// is refused, else the job's Done. gRPC calls OnCancel and OnDone only after the handler has returned, and OnDone only
// after Finish and OnCancel have.
class EvaluationService::Call final : public grpc::ServerUnaryReactor {
 public:
  Call(EvaluationService& service, const grpc::CallbackServerContext& context, grpc::ByteBuffer& response)
      : work_(service.work_, kMethod, context), service_(service), response_bytes_(response) {}

  void Start(grpc::ByteBuffer& request) {
    request_size_ = static_cast<int64_t>(request.Length());
    absl::Status status = ParseMessage(request, kValuesPerItem * service_.limits_.batch_items, request_);
    status = status.ok() ? Accept() : work_.Refuse(status);
    if (status.ok()) return;
    // Nothing of what is refused is kept until the client has read the answer.
    job_.reset();
    v1::EvaluateRequest().Swap(&request_);
    work_.ReleaseTo(0);
    Finish(ToGrpc(status));
  }

  void OnCancel() override {
    if (job_.has_value()) work_.Cancel(*job_);
  }

  void OnDone() override {
    if (answered_) CheckSamples();
    delete this;
  }

 private:
  // Hands the job to the scheduler, or says why not.
  absl::Status Accept() {
    const Limits& limits = service_.limits_;
    if (request_.items_size() > limits.batch_items) {
      return work_.Refuse(
          absl::ResourceExhaustedError(absl::StrCat("items has ", request_.items_size(), " items; at most ",
                                                    limits.batch_items, " are allowed (--max_batch_items)")));
    }
    if (absl::Status status = work_.CheckDeadline(); !status.ok()) return status;
    job_.emplace(
        request_, *response_, service_.catalog_, limits, service_.work_.metrics, work_.deadline(),
        [this](const absl::Status& status) { End(status); }, &service_.live_, &service_.self_check_);
    if (absl::Status status = work_.Reserve(job_->memory_bytes()); !status.ok()) return status;
    job_->AllocateOutputs();
    // After success another thread may already be at End, but not at OnDone.
    return work_.Submit(*job_);
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
      service_.work_.metrics.ObserveMessageBytes(kMethod, request_size_,
                                                 static_cast<int64_t>(response_bytes_.Length()));
    }
    Finish(ToGrpc(status));
  }

  WorkCall work_;
  EvaluationService& service_;
  grpc::ByteBuffer& response_bytes_;
  int64_t request_size_ = 0;
  v1::EvaluateRequest request_;
  // Shared with what gRPC still writes when the call has ended.
  const std::shared_ptr<v1::EvaluateResponse> response_ = std::make_shared<v1::EvaluateResponse>();
  std::optional<EvaluateJob> job_;
  bool answered_ = false;
};

grpc::ServerUnaryReactor* EvaluationService::Evaluate(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new Call(*this, *context, *response);
  // gRPC made the buffer for this call alone and reads it no more: emptying it frees the memory early.
  call->Start(*const_cast<grpc::ByteBuffer*>(request));
  return call;
}

}  // namespace actbench
