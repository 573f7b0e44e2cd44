// SPDX-License-Identifier: Apache-2.0
// What a call whose work goes to the scheduler holds of the server: memory of the budget, and a place among the calls
// that a drain waits for. Tested by server_test.cc, shutdown_test.cc and accuracy_service_test.cc.
#ifndef ACTBENCH_SERVER_WORK_CALL_H_
#define ACTBENCH_SERVER_WORK_CALL_H_

#include <grpcpp/server_context.h>

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/admission.h"
#include "server/calls.h"
#include "server/metrics.h"
#include "server/scheduler.h"

namespace actbench {

// What such calls use. Must outlive them.
struct WorkServices {
  Scheduler& scheduler;
  ByteBudget& budget;
  Calls& calls;
  Metrics& metrics;
};

// Made when the call arrives and destroyed, last of what belongs to it, when gRPC is done with it. Not thread-safe but
// for Cancel.
class WorkCall {
 public:
  // `method` is a literal, such as "Evaluate".
  WorkCall(const WorkServices& services, std::string_view method, const grpc::CallbackServerContext& context);
  ~WorkCall();
  WorkCall(const WorkCall&) = delete;
  WorkCall& operator=(const WorkCall&) = delete;

  absl::Time deadline() const { return deadline_; }

  // Each returns why the call is refused, if it is, and has then counted that.
  absl::Status CheckDeadline();
  absl::Status Reserve(int64_t bytes);
  // After success the job's Done may already run on another thread.
  absl::Status Submit(Job& job);

  // Counts a refusal, and returns `status`.
  absl::Status Refuse(Rejection reason, absl::Status status);
  absl::Status Refuse(absl::Status status);

  // Gives back what was reserved beyond `bytes`.
  void ReleaseTo(int64_t bytes);

  // For OnCancel: stops the job, with the reason that it is.
  void Cancel(Job& job) const;

 private:
  const WorkServices& services_;
  const std::string_view method_;
  const absl::Time deadline_;
  int64_t reserved_bytes_ = 0;
  bool accepted_ = false;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_WORK_CALL_H_
