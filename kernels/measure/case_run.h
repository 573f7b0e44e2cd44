// SPDX-License-Identifier: Apache-2.0
// Measures one benchmark case by workers, one fresh process after the other, in steps between which other work may run.
// Tested by case_run_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_CASE_RUN_H_
#define ACTBENCH_KERNELS_MEASURE_CASE_RUN_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/case_runner.h"
#include "kernels/measure/statistics.h"
#include "kernels/measure/worker_messages.h"
#include "kernels/measure/worker_process.h"

namespace actbench {

// How a case is measured, and when it is enough: not before `min_processes`; then as soon as the interval of the median
// over processes is at most `max_relative_width` of it, and after `max_processes` anyhow.
struct CasePlan {
  int min_processes = 8;
  int max_processes = 16;
  double max_relative_width = 0.01;
  // For the samples of a process, in slices of at most kLongestSlice.
  std::chrono::nanoseconds process_time = std::chrono::milliseconds(150);
  // Of the first process, for where its memory lies and the order of rivals; the next processes have the next ones.
  uint64_t first_seed = 0;
  // The inputs at which its error is measured in the end; 0: not at all.
  uint64_t error_samples = 0;
  // How long a worker may say nothing before it counts as hanging.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

// Samples and copies, without what warming up takes.
inline constexpr std::chrono::milliseconds kLongestSlice{200};

// How long a process takes, as planned.
std::chrono::nanoseconds ProcessDuration(const CasePlan& plan);

struct CaseResult {
  // Of all samples in all processes, in ns per call; the median is that of the processes' medians, and the interval
  // where it would lie with other processes (MedianInterval); of one process there is none.
  double min_ns = 0;
  double median_ns = 0;
  double p90_ns = 0;
  double p99_ns = 0;
  std::optional<Interval> median_interval;
  double copy_ns = 0;  // the median over processes of copying x to y
  std::vector<double> process_medians_ns;
  std::vector<std::vector<double>> process_ratios;  // of each rival, in each process: the median of its ratios
  int64_t samples = 0;
  int64_t calls_per_sample = 0;
  bool converged = false;
  double clock_ghz = 0;  // the median over slices
  Noise noise;           // of the slices that count: sums, and the largest ratios
  // Slices that did not count, by the reason; and the reasons for which slices that count should not, where there were
  // too many of them.
  std::map<std::string, int, std::less<>> discarded;
  std::vector<std::string> disturbed;
  std::optional<SampledError> error;
};

// All reasons for which a slice may not count.
inline constexpr std::array<std::string_view, 6> kDisturbances = {"other_work", "throttled",   "gpu_throttled",
                                                                  "steal",      "page_faults", "slow_clock"};
// Why a slice is not to count; empty if it is. `first_clock_ghz` is that of the process's first slice.
std::string_view Disturbance(const Slice& slice, double first_clock_ghz);

class CaseRun {
 public:
  CaseRun(BenchmarkCase benchmark, CasePlan plan, WorkerProgram worker);

  // Does what comes next, for at most about `longest`, but to the end of a slice where nothing else is to run:
  // `must_yield` says whether something is. What ran together with a slice is not to be known, so such a slice does not
  // count. Returns at once when done().
  void Step(std::chrono::milliseconds longest, absl::FunctionRef<bool()> must_yield);
  bool done() const { return done_; }
  // Whether the next step begins with a new process, so that a process of another case may come first.
  bool between_processes() const { return worker_ == nullptr; }

  // Processes that are still to come, as far as is known: at most.
  int processes_left() const { return done_ ? 0 : plan_.max_processes - processes_done(); }

  // Of a case that is done and went well: measures in so many processes more, whatever the plan says. Its error is then
  // measured again.
  void MeasureMore(int processes);

  // Ends the worker and with it a Step that waits for it; the case is then done. Thread-safe.
  void Stop();

  const BenchmarkCase& benchmark() const { return benchmark_; }
  // Processes that have ended.
  int processes_done() const { return static_cast<int>(result_.process_medians_ns.size()); }

  // When done: why there is no result, or the result. UNIMPLEMENTED and INVALID_ARGUMENT: this case cannot be measured
  // here; anything else: it went wrong.
  const absl::Status& status() const { return status_; }
  CaseResult Result() const;

 private:
  enum class Stage { kNew, kStarting, kReady, kRunning, kMeasuringError };
  using Clock = std::chrono::steady_clock;

  void StartWorker();
  void Ask(const WorkerRequest& request, Stage stage);
  // Waits for the worker's next line; none yet, or the case failed: nothing.
  std::optional<std::string> Await(std::chrono::milliseconds longest, absl::FunctionRef<bool()> must_yield);
  void TakeSlice(Slice slice);
  void SetMedian();
  void EndProcess(bool last);
  void Fail(absl::Status status);

  const BenchmarkCase benchmark_;
  CasePlan plan_;
  const WorkerProgram program_;
  std::vector<int> cpus_;

  std::mutex mutex_;                       // of worker_ and stopped_, for Stop
  std::unique_ptr<WorkerProcess> worker_;  // changed by Step alone
  bool stopped_ = false;

  Stage stage_ = Stage::kNew;
  Clock::time_point asked_;  // when the worker was asked for what it has not answered
  bool overlapped_ = false;  // whether something else may have run since
  int processes_ = 0;        // that were started
  int slices_left_ = 0;      // of the process
  double first_clock_ghz_ = 0;
  std::vector<double> process_samples_;
  std::vector<double> process_copies_;
  std::vector<std::vector<double>> process_ratios_;  // of each rival
  bool done_ = false;
  absl::Status status_;

  std::vector<double> samples_;
  std::vector<double> clocks_;
  std::vector<double> copies_;  // of processes
  CaseResult result_;           // what is not made of the samples
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_CASE_RUN_H_
