// SPDX-License-Identifier: Apache-2.0
// What jobs that time kernels share: they are exclusive, take the machine's lease, and go on in steps of one case at a
// time. Know no gRPC. Tested by benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_TIMED_JOB_H_
#define ACTBENCH_SERVER_TIMED_JOB_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "kernels/measure/machine_lease.h"
#include "server/mutex.h"
#include "server/scheduler.h"

namespace actbench {

// What it times with.
struct BenchmarkTools {
  WorkerProgram worker;
  std::string lease_file;  // see MachineLease
};

// Whether requests of the interactive class are waiting. The scheduler must outlive it.
std::function<bool()> YieldsTo(const Scheduler& scheduler);

class TimedJob : public Job {
 public:
  using MustYield = std::function<bool()>;
  using DoneFunction = std::function<void(const absl::Status&)>;

  JobClass job_class() const override { return JobClass::kExclusive; }
  size_t chunk_count() const override { return chunks_; }
  void RunChunk(size_t chunk) override;
  void Done(const absl::Status& status) override;
  absl::Time deadline() const override { return deadline_; }

  // Ends what runs. Thread-safe, as is progress(), which has no place in the queue.
  void Interrupt();
  v1::BenchmarkProgress progress() const;

  // When it began: when it had the lease. Of a finished job also how long it took from then.
  absl::Time start() const { return start_; }
  absl::Duration duration() const { return duration_; }

 protected:
  // `must_yield`: whether other work is waiting (see CaseRun::Step). `done` gets Done's status, or UNAVAILABLE if the
  // lease cannot be had.
  TimedJob(BenchmarkTools tools, absl::Time deadline, MustYield must_yield, DoneFunction done)
      : tools_(std::move(tools)), deadline_(deadline), must_yield_(std::move(must_yield)), done_(std::move(done)) {}

  // These are called one at a time, in a chunk.
  // The cases of which a process each comes next, in random order; none if all is done. None of them ends the life of
  // another one.
  virtual std::vector<CaseRun*> NextRound() = 0;
  // After a step of it. Of a case that is done it may end the life.
  virtual void AfterStep(CaseRun& run) = 0;
  // Ends the life of all cases: there will be no more steps. Whether all was done that was to be done.
  virtual void EndCases(bool well) = 0;
  // Of progress, thread-safe: cases and processes.
  virtual void SetProgress(v1::BenchmarkProgress& progress) const = 0;

  const WorkerProgram& worker() const { return tools_.worker; }

 private:
  // Whether this chunk may time.
  bool HasLease();
  // The case whose turn it is; null if all is done.
  CaseRun* NextCase();

  const BenchmarkTools tools_;
  const absl::Time deadline_;
  const MustYield must_yield_;
  DoneFunction done_;
  std::atomic<size_t> chunks_ = 1;  // one more than have run, until it is done

  // Of the thread that runs a chunk.
  std::unique_ptr<MachineLease> lease_;
  absl::Status status_;
  CaseRun* in_process_ = nullptr;  // the case of which a process is not over
  std::vector<CaseRun*> turns_;    // that have not had theirs in this round
  std::mt19937_64 random_{1};      // for the order of turns: the same each time, but no order that favours a case
  absl::Time start_;
  absl::Duration duration_;

  mutable Mutex mutex_;
  CaseRun* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_for_lease_ ABSL_GUARDED_BY(mutex_) = true;
  std::string current_name_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_TIMED_JOB_H_
