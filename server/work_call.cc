// SPDX-License-Identifier: Apache-2.0
#include "server/work_call.h"

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "server/convert.h"

namespace actbench {
namespace {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  // How gRPC says "none".
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace

WorkCall::WorkCall(const WorkServices& services, std::string_view method, const grpc::CallbackServerContext& context)
    : services_(services), method_(method), deadline_(DeadlineOf(context)) {
  services_.calls.NoteActivity();
}

WorkCall::~WorkCall() {
  ReleaseTo(0);
  services_.calls.NoteActivity();
  if (accepted_) services_.calls.Ended();
}

absl::Status WorkCall::CheckDeadline() {
  if (deadline_ > absl::Now()) return absl::OkStatus();
  return Refuse(Rejection::kDeadline, absl::DeadlineExceededError("the deadline had passed when the request arrived"));
}

absl::Status WorkCall::Reserve(int64_t bytes) {
  if (absl::Status status = services_.budget.Reserve(bytes); !status.ok()) {
    return Refuse(Rejection::kInflightBytes, std::move(status));
  }
  reserved_bytes_ += bytes;
  return absl::OkStatus();
}

absl::Status WorkCall::Submit(Job& job) {
  // Counted before the job can be done, so that no drain misses it.
  services_.calls.Accepted();
  accepted_ = true;
  absl::Status status = services_.scheduler.Submit(job);
  if (status.ok()) return status;
  accepted_ = false;
  services_.calls.Ended();
  const Rejection reason = absl::IsUnavailable(status) ? Rejection::kDraining : Rejection::kQueueFull;
  return Refuse(reason, std::move(status));
}

absl::Status WorkCall::Refuse(Rejection reason, absl::Status status) {
  services_.metrics.Rejected(method_, reason);
  return status;
}

absl::Status WorkCall::Refuse(absl::Status status) {
  const Rejection reason = ToRejection(status);
  return Refuse(reason, std::move(status));
}

void WorkCall::ReleaseTo(int64_t bytes) {
  if (bytes < reserved_bytes_) services_.budget.Release(std::exchange(reserved_bytes_, bytes) - bytes);
}

void WorkCall::Cancel(Job& job) const {
  const bool expired = deadline_ <= absl::Now();
  services_.scheduler.Cancel(job, expired ? absl::DeadlineExceededError("the deadline passed")
                                          : absl::CancelledError("the client cancelled the call"));
}

}  // namespace actbench
