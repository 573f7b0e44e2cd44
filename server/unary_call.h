// SPDX-License-Identifier: Apache-2.0
// How unary methods are answered that need no worker. Tested by catalog_service_test.cc and accuracy_service_test.cc.
#ifndef ACTBENCH_SERVER_UNARY_CALL_H_
#define ACTBENCH_SERVER_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "server/calls.h"
#include "server/convert.h"
#include "server/metrics.h"
#include "server/serial_executor.h"
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

// Writes the answer, or returns the error, which is counted.
template <class Response>
grpc::Status Conclude(const UnaryCall& call, size_t request_size, const Answered<Response>& answer, Metrics& metrics) {
  if (answer.ok()) {
    *call.response = SerializeMessage(*answer);
    metrics.ObserveMessageBytes(call.method, static_cast<int64_t>(request_size),
                                static_cast<int64_t>(call.response->Length()));
  } else if (IsRefusal(answer.status())) {
    metrics.Rejected(call.method, ToRejection(answer.status()));
  }
  return ToGrpc(answer.status());
}

// Answers with what `handle` makes of the request at once: an Answered. A request has at most `max_values` fields and
// array elements.
template <class Request, class Handle>
grpc::ServerUnaryReactor* Answer(const UnaryCall& call, int64_t max_values, Calls& calls, Metrics& metrics,
                                 const Handle& handle) {
  calls.NoteActivity();
  const size_t request_size = call.request->Length();
  Request request;
  // gRPC made the buffer for this call alone and reads it no more.
  const absl::Status status = ParseMessage(*const_cast<grpc::ByteBuffer*>(call.request), max_values, request);
  grpc::ServerUnaryReactor* const reactor = call.context->DefaultReactor();
  reactor->Finish(Conclude(call, request_size, status.ok() ? handle(request) : status, metrics));
  return reactor;
}

// A call that an executor answers. gRPC has it from Start to OnDone, where it deletes itself; until then a drain waits
// for it.
template <class Request, class Check, class Handle>
class LaterCall final : public grpc::ServerUnaryReactor {
 public:
  LaterCall(const UnaryCall& call, Calls& calls, Metrics& metrics, Handle handle)
      : call_(call), calls_(calls), metrics_(metrics), handle_(std::move(handle)) {
    calls_.NoteActivity();
    calls_.Accepted();
  }

  void Start(int64_t max_values, SerialExecutor& executor, const Check& check) {
    request_size_ = call_.request->Length();
    // gRPC made the buffer for this call alone and reads it no more.
    absl::Status status = ParseMessage(*const_cast<grpc::ByteBuffer*>(call_.request), max_values, request_);
    if (status.ok()) status = check(request_);
    if (!status.ok()) return Finish(Conclude(call_, request_size_, Answer(std::move(status)), metrics_));
    // After success another thread may already be at Finish, but not at OnDone: the handler has not returned.
    status = executor.TryPost([this] { Finish(Conclude(call_, request_size_, Run(), metrics_)); });
    if (status.ok()) return;
    metrics_.Rejected(call_.method, Rejection::kQueueFull);
    Finish(ToGrpc(status));
  }

  void OnDone() override { delete this; }

 private:
  using Answer = std::invoke_result_t<Handle, const Request&>;

  ~LaterCall() override {
    calls_.NoteActivity();
    calls_.Ended();
  }

  // For whom nobody waits any more nothing is done.
  Answer Run() const {
    if (call_.context->IsCancelled()) return absl::CancelledError("the call was cancelled before its turn");
    return handle_(request_);
  }

  const UnaryCall call_;
  Calls& calls_;
  Metrics& metrics_;
  const Handle handle_;
  size_t request_size_ = 0;
  Request request_;
};

// Answers as Answer does, but only `check`, which returns what is wrong with the request, runs at once: `handle` runs
// on `executor`, in its turn. RESOURCE_EXHAUSTED if too many wait there.
template <class Request, class Check, class Handle>
grpc::ServerUnaryReactor* AnswerLater(const UnaryCall& call, int64_t max_values, Calls& calls, Metrics& metrics,
                                      SerialExecutor& executor, const Check& check, Handle handle) {
  auto* const later = new LaterCall<Request, Check, Handle>(call, calls, metrics, std::move(handle));
  later->Start(max_values, executor, check);
  return later;
}

}  // namespace actbench

#endif  // ACTBENCH_SERVER_UNARY_CALL_H_
