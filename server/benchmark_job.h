// SPDX-License-Identifier: Apache-2.0
// A benchmark run as a job of the scheduler. Tested by benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_JOB_H_
#define ACTBENCH_SERVER_BENCHMARK_JOB_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "server/benchmark_plan.h"
#include "server/mutex.h"
#include "server/timed_job.h"

namespace actbench {

class BenchmarkJob final : public TimedJob {
 public:
  // See TimedJob.
  BenchmarkJob(BenchmarkPlan plan, BenchmarkTools tools, absl::Time deadline, MustYield must_yield, DoneFunction done);

  // The results that have come since the last time, in the order of the cases. Thread-safe.
  std::vector<v1::BenchmarkResult> TakeResults();

  const BenchmarkPlan& plan() const { return plan_; }

 private:
  std::vector<CaseRun*> NextRound() override;
  void AfterStep(CaseRun& run) override;
  void EndCases(bool /*well*/) override { group_.clear(); }
  void SetProgress(v1::BenchmarkProgress& progress) const override;

  // Begins the next group that has cases to be measured; false if there is none.
  bool BeginGroup();

  struct Running {
    size_t place;  // in the plan
    std::unique_ptr<CaseRun> run;
    int processes = 0;  // of it that are counted in processes_left_
  };

  const BenchmarkPlan plan_;

  // Of the thread that runs a chunk.
  std::vector<Running> group_;  // its cases that are not done
  size_t next_place_ = 0;       // of the first case after the group

  mutable Mutex mutex_;
  std::vector<std::optional<v1::BenchmarkResult>> results_ ABSL_GUARDED_BY(mutex_);
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  int processes_left_ ABSL_GUARDED_BY(mutex_) = 0;  // at most
  int processes_ = 0;                               // at most; set by the constructor
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_JOB_H_
