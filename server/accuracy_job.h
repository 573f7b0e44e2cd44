// SPDX-License-Identifier: Apache-2.0
// An accuracy measurement as a job of the scheduler. Knows no gRPC. Tested by accuracy_job_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_JOB_H_
#define ACTBENCH_SERVER_ACCURACY_JOB_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kernels/accuracy/measurement.h"
#include "server/accuracy_plan.h"
#include "server/scheduler.h"

namespace actbench {

class AccuracyJob final : public Job {
 public:
  // What Measurement::Make says if it cannot be. What the plan borrows must outlive the job. `done` gets Done's status,
  // or why the result is none: DATA_LOSS if a kernel wrote outside its outputs.
  static absl::StatusOr<std::unique_ptr<AccuracyJob>> Make(AccuracyPlan plan, absl::Time deadline,
                                                           std::function<void(const absl::Status&)> done);

  JobClass job_class() const override { return JobClass::kLong; }
  size_t chunk_count() const override { return measurement_->piece_count(); }
  void RunChunk(size_t chunk) override;
  void Done(const absl::Status& status) override;
  absl::Time deadline() const override { return deadline_; }

  struct Progress {
    uint64_t inputs_done;
    uint64_t inputs_total;
    absl::Duration remaining;  // from the rate until now; infinite while there is none
  };
  // Thread-safe.
  Progress progress() const;

  const AccuracyPlan& plan() const { return plan_; }
  // Once `done` was called with OK: the measurement, how long it took from its first piece, and when that ended.
  const Measurement& measurement() const { return *measurement_; }
  absl::Duration duration() const { return duration_; }
  absl::Time end() const { return end_; }

 private:
  using Clock = std::chrono::steady_clock;

  AccuracyJob(AccuracyPlan plan, absl::Time deadline, std::function<void(const absl::Status&)> done)
      : plan_(std::move(plan)), deadline_(deadline), done_(std::move(done)) {}

  // Since the first chunk started; zero before.
  absl::Duration Elapsed() const;

  const AccuracyPlan plan_;
  const absl::Time deadline_;
  std::function<void(const absl::Status&)> done_;
  std::unique_ptr<Measurement> measurement_;  // uses the plan
  std::atomic<Clock::rep> start_ = 0;         // of the first chunk; 0 before
  absl::Duration duration_;
  absl::Time end_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_JOB_H_
