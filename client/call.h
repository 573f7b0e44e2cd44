// SPDX-License-Identifier: Apache-2.0
// How the client library makes its calls. Not installed. Tested by client_test.cc and client_failure_test.cc.
#ifndef ACTBENCH_CLIENT_CALL_H_
#define ACTBENCH_CLIENT_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cancellation.h"

namespace actbench::client {

// The status of a call that nobody here has cancelled.
absl::Status ToStatus(const grpc::Status& status);

// The status of a call that may have been.
absl::Status ToStatus(const grpc::Status& status, const CancellableContext& call);

// Infinite: none.
void SetDeadline(absl::Time deadline, grpc::ClientContext& context);

// One blocking call of a generated stub's method.
template <class Stub, class Request, class Response>
absl::StatusOr<Response> Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request, absl::Time deadline, Cancellation* cancellation) {
  CancellableContext call(cancellation);
  SetDeadline(deadline, call.context());
  Response response;
  const absl::Status status = ToStatus((stub.*method)(&call.context(), request, &response), call);
  if (!status.ok()) return status;
  return response;
}

// One call of a generated stub's method that answers in a stream. `on_message` is called with each message.
template <class Stub, class Request, class Response, class OnMessage>
absl::Status ReadStream(
    Stub& stub, std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
    const Request& request, absl::Time deadline, Cancellation* cancellation, const OnMessage& on_message) {
  CancellableContext call(cancellation);
  SetDeadline(deadline, call.context());
  const std::unique_ptr<grpc::ClientReader<Response>> reader = (stub.*method)(&call.context(), request);
  for (Response response; reader->Read(&response);) on_message(response);
  return ToStatus(reader->Finish(), call);
}

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_CALL_H_
