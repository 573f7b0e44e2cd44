// SPDX-License-Identifier: Apache-2.0
// How unary methods are answered that need no worker. Tested by catalog_service_test.cc and accuracy_service_test.cc.
#ifndef ACTBENCH_SERVER_UNARY_CALL_H_
#define ACTBENCH_SERVER_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/calls.h"
#include "server/convert.h"
#include "server/metrics.h"
#include "server/wire.h"

namespace actbench {

// A response, shared with what gRPC still writes when the call has ended, or an error.
template <class Response>
using Answered = absl::StatusOr<std::shared_ptr<const Response>>;

// A call of one method, as the generated code of a "raw" method hands it over.
struct UnaryCall {
  grpc::CallbackServerContext* context;
  std::string_view method;  // such as "ListKernels"
  const grpc::ByteBuffer* request;
  grpc::ByteBuffer* response;
};

// Answers with what `handle` makes of the request: an Answered. A request has at most `max_values` fields and array
// elements.
template <class Request, class Handle>
grpc::ServerUnaryReactor* Answer(const UnaryCall& call, int64_t max_values, Calls& calls, Metrics& metrics,
                                 const Handle& handle) {
  calls.NoteActivity();
  const size_t request_size = call.request->Length();
  Request request;
  // gRPC made the buffer for this call alone and reads it no more.
  absl::Status status = ParseMessage(*const_cast<grpc::ByteBuffer*>(call.request), max_values, request);
  if (status.ok()) {
    const auto response = handle(request);
    status = response.status();
    if (status.ok()) *call.response = SerializeMessage(*response);
  }
  if (status.ok()) {
    metrics.ObserveMessageBytes(call.method, static_cast<int64_t>(request_size),
                                static_cast<int64_t>(call.response->Length()));
  } else if (IsRefusal(status)) {
    metrics.Rejected(call.method, ToRejection(status));
  }
  grpc::ServerUnaryReactor* const reactor = call.context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

}  // namespace actbench

#endif  // ACTBENCH_SERVER_UNARY_CALL_H_
