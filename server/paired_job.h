// SPDX-License-Identifier: Apache-2.0
// A paired benchmark as a job of the scheduler. Tested by paired_service_test.cc.
//
// First pass: a process of each pair, in random order, as often as the plan says at least, then more of those that are
// not decided, until they are, or there were too many, or time is up. Second pass: the same for those that were slower.
#ifndef ACTBENCH_SERVER_PAIRED_JOB_H_
#define ACTBENCH_SERVER_PAIRED_JOB_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "kernels/measure/verdict.h"
#include "server/mutex.h"
#include "server/paired_plan.h"
#include "server/timed_job.h"

namespace actbench {

class PairedJob final : public TimedJob {
 public:
  // See TimedJob.
  PairedJob(PairedPlan plan, BenchmarkTools tools, absl::Time deadline, MustYield must_yield, DoneFunction done);

  const PairedPlan& plan() const { return plan_; }

  // Of a finished job, and once: a comparison for each pair, in their order. Thread-safe.
  std::vector<v1::SpeedComparison> TakeResults();

 private:
  // A pair that is measured in a pass.
  struct Measured {
    size_t place;  // in the plan
    std::unique_ptr<CaseRun> run;
    Judgement judgement = {};  // of what was measured so far, if it went well
  };
  using Pass = std::vector<Measured>;

  std::vector<CaseRun*> NextRound() override;
  void AfterStep(CaseRun& run) override;
  void EndCases(bool well) override;
  void SetProgress(v1::BenchmarkProgress& progress) const override;

  Pass& pass() { return confirming_ ? second_ : first_; }
  void Begin(size_t place, const CasePlan& each, Pass& pass);
  // Asks for more processes of pairs that are not decided; false if there are none, or not to be any more.
  bool Extend();
  void SetResults();
  // Begins the second pass; false if nothing is to be confirmed.
  bool Confirm();

  const PairedPlan plan_;

  // Of the thread that runs a chunk.
  Pass first_;
  Pass second_;
  bool confirming_ = false;

  mutable Mutex mutex_;
  std::vector<v1::SpeedComparison> results_ ABSL_GUARDED_BY(mutex_);  // when it has ended
  int processes_ ABSL_GUARDED_BY(mutex_) = 0;                         // that were begun or are planned
  int processes_left_ ABSL_GUARDED_BY(mutex_) = 0;                    // of these
  int cases_done_ ABSL_GUARDED_BY(mutex_) = 0;                        // of this pass, for now
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PAIRED_JOB_H_
