// SPDX-License-Identifier: Apache-2.0
// A benchmark run as an exclusive job of the scheduler. Knows no gRPC. Tested by benchmark_job_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_JOB_H_
#define ACTBENCH_SERVER_BENCHMARK_JOB_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "kernels/measure/machine_lease.h"
#include "server/benchmark_plan.h"
#include "server/mutex.h"
#include "server/scheduler.h"

namespace actbench {

// What it times with.
struct BenchmarkTools {
  WorkerProgram worker;
  std::string lease_file;  // see MachineLease
};

class BenchmarkJob final : public Job {
 public:
  // `must_yield`: whether other work is waiting (see CaseRun::Step). `done` gets Done's status, or UNAVAILABLE if the
  // lease cannot be had.
  BenchmarkJob(BenchmarkPlan plan, BenchmarkTools tools, absl::Time deadline, std::function<bool()> must_yield,
               std::function<void(const absl::Status&)> done);

  JobClass job_class() const override { return JobClass::kExclusive; }
  size_t chunk_count() const override { return chunks_; }
  void RunChunk(size_t chunk) override;
  void Done(const absl::Status& status) override;
  absl::Time deadline() const override { return deadline_; }

  // Ends what runs. Thread-safe, as are these:
  void Interrupt();
  v1::BenchmarkProgress progress() const;  // without the place in the queue
  // The results that have come since the last time, in the order of the cases.
  std::vector<v1::BenchmarkResult> TakeResults();

  const BenchmarkPlan& plan() const { return plan_; }
  // Of a finished job: when it began, and how long it took from then.
  absl::Time start() const { return start_; }
  absl::Duration duration() const { return duration_; }

 private:
  // What goes on in a chunk, with the lease: a step of one of the group's cases.
  void RunStep();
  // Begins the next group that has cases to be measured; false if there is none.
  bool BeginGroup();
  // The case whose turn it is.
  CaseRun& NextCase();
  void Finish(size_t place, v1::BenchmarkResult result);

  struct Running {
    size_t place;  // in the plan
    std::unique_ptr<CaseRun> run;
  };

  const BenchmarkPlan plan_;
  const BenchmarkTools tools_;
  const absl::Time deadline_;
  const std::function<bool()> must_yield_;
  std::function<void(const absl::Status&)> done_;
  std::atomic<size_t> chunks_ = 1;  // one more than have run, until it is done

  // Of the thread that runs a chunk.
  std::unique_ptr<MachineLease> lease_;
  absl::Status status_;
  std::vector<Running> group_;   // its cases that are not done
  std::vector<CaseRun*> turns_;  // that have not had theirs in this round
  size_t next_place_ = 0;        // of the first case after the group
  std::mt19937_64 random_{1};    // for the order of turns: the same each time, but no order that favours a case
  absl::Time start_;
  absl::Duration duration_;

  mutable Mutex mutex_;
  CaseRun* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_for_lease_ ABSL_GUARDED_BY(mutex_) = true;
  std::string current_name_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::optional<v1::BenchmarkResult>> results_ ABSL_GUARDED_BY(mutex_);
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  int processes_left_ ABSL_GUARDED_BY(mutex_) = 0;  // at most
  int processes_ = 0;                               // at most; set by the constructor
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_JOB_H_
