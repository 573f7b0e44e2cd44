// SPDX-License-Identifier: Apache-2.0
// actbench.v1.EvaluationService: admits requests and hands them to the scheduler. Thread-safe. Tested by
// server_test.cc and shutdown_test.cc.
#ifndef ACTBENCH_SERVER_EVALUATION_SERVICE_H_
#define ACTBENCH_SERVER_EVALUATION_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "actbench/v1/evaluation.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/admission.h"
#include "server/metrics.h"
#include "server/mutex.h"
#include "server/scheduler.h"
#include "server/server.h"

namespace actbench {

// The generated code of a "raw" method hands over the bytes of messages: so a response can be sent without another copy
// of its tensors, and a request that cannot be parsed gets an error that says so.
class EvaluationService final
    : public v1::EvaluationService::WithRawCallbackMethod_Evaluate<v1::EvaluationService::Service> {
 public:
  // The references must outlive the service.
  EvaluationService(const Catalog& catalog, const Limits& limits, Scheduler& scheduler, Metrics& metrics)
      : catalog_(catalog), limits_(limits), scheduler_(scheduler), metrics_(metrics), budget_(limits.inflight_bytes) {}

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

  const ByteBudget& budget() const { return budget_; }

  // Waits until every accepted call has been answered, its response written to the client's connection. Returns false
  // at `deadline`.
  bool AwaitAnswers(absl::Time deadline);

  // Waits until no call has come or ended for `quiet`, or until `deadline`.
  void AwaitQuiet(absl::Duration quiet, absl::Time deadline);

 private:
  class Call;

  void CallAccepted();
  void CallEnded();
  void NoteActivity() { last_activity_.store(absl::ToUnixNanos(absl::Now()), std::memory_order_relaxed); }

  const Catalog& catalog_;
  const Limits& limits_;
  Scheduler& scheduler_;
  Metrics& metrics_;
  ByteBudget budget_;

  std::atomic<int64_t> last_activity_ = 0;  // Unix time in ns

  Mutex mutex_;
  Condition no_calls_;
  size_t calls_ ABSL_GUARDED_BY(mutex_) = 0;  // accepted and not ended
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_EVALUATION_SERVICE_H_
