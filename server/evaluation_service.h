// SPDX-License-Identifier: Apache-2.0
// actbench.v1.EvaluationService: admits requests and hands them to the scheduler. Thread-safe. Tested by
// server_test.cc and shutdown_test.cc.
#ifndef ACTBENCH_SERVER_EVALUATION_SERVICE_H_
#define ACTBENCH_SERVER_EVALUATION_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include "actbench/v1/evaluation.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/limits.h"
#include "server/live_accuracy.h"
#include "server/self_check.h"
#include "server/work_call.h"

namespace actbench {

// The generated code of a "raw" method hands over the bytes of messages: so a response can be sent without another copy
// of its tensors, and a request that cannot be parsed gets an error that says so.
class EvaluationService final
    : public v1::EvaluationService::WithRawCallbackMethod_Evaluate<v1::EvaluationService::Service> {
 public:
  // The references must outlive the service.
  EvaluationService(const Catalog& catalog, const Limits& limits, const WorkServices& work, LiveAccuracy& live,
                    SelfCheck& self_check)
      : catalog_(catalog), limits_(limits), work_(work), live_(live), self_check_(self_check) {}

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  class Call;

  const Catalog& catalog_;
  const Limits& limits_;
  const WorkServices& work_;
  LiveAccuracy& live_;
  SelfCheck& self_check_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_EVALUATION_SERVICE_H_
