// SPDX-License-Identifier: Apache-2.0
#include "client/call.h"

namespace actbench::client {

absl::Status ToStatus(const grpc::Status& status) {
  // So that is what gRPC says in the moment in which a server is gone.
  if (status.error_code() == grpc::CANCELLED) return absl::UnavailableError(status.error_message());
  // HTTP/2's ENHANCE_YOUR_CALM: what gRPC answers where its buffers are full.
  if (status.error_message() == "Received RST_STREAM with error code 11") {
    return absl::ResourceExhaustedError("the server's buffers are full (--memory_quota); try again later");
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::Status ToStatus(const grpc::Status& status, const CancellableContext& call) {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::CANCELLED && call.cancelled()) return absl::CancelledError("cancelled");
  return ToStatus(status);
}

void SetDeadline(absl::Time deadline, grpc::ClientContext& context) {
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
}

}  // namespace actbench::client
