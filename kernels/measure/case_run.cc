// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/case_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/measure/thread_team.h"

namespace actbench {
namespace {

// Beyond these a slice is measured again. What a processor loses to others within a slice is in few of its samples, and
// in no median; so these are about what slows all of them down.
constexpr double kMostSteal = 0.05;
constexpr double kLeastClock = 0.95;
// Of the slices that are planned so many may be measured again.
constexpr double kMostDiscarded = 0.5;
// How often whoever waits for a worker looks whether something else is to run.
constexpr std::chrono::milliseconds kLook{5};
// How much longer than asked a step takes for a call that is longer than a slice.
constexpr std::chrono::milliseconds kOverdue{1000};

void Add(const Noise& noise, Noise& sum) {
  const auto most = [](std::optional<double> a, std::optional<double> b) {
    return a.has_value() && b.has_value() ? std::max(*a, *b) : (a.has_value() ? a : b);
  };
  sum.elapsed_s += noise.elapsed_s;
  sum.steal_ratio = most(sum.steal_ratio, noise.steal_ratio);
  sum.pressure_ratio = most(sum.pressure_ratio, noise.pressure_ratio);
  if (noise.throttled_periods.has_value()) {
    sum.throttled_periods = sum.throttled_periods.value_or(0) + *noise.throttled_periods;
  }
  sum.involuntary_switches += noise.involuntary_switches;
  sum.minor_faults += noise.minor_faults;
  sum.major_faults += noise.major_faults;
}

int SlicesPerProcess(const CasePlan& plan) {
  const std::chrono::nanoseconds longest = kLongestSlice;
  return static_cast<int>((plan.process_time + longest - std::chrono::nanoseconds(1)) / longest);
}

}  // namespace

std::chrono::nanoseconds ProcessDuration(const CasePlan& plan) {
  // Starting takes some 20 ms, and warming up in each slice as much.
  return plan.process_time + std::chrono::milliseconds(25) * (SlicesPerProcess(plan) + 1);
}

std::string_view Disturbance(const Slice& slice, double first_clock_ghz) {
  if (slice.noise.throttled_periods.value_or(0) > 0) return "throttled";
  if (slice.gpu_throttled) return "gpu_throttled";
  if (slice.noise.steal_ratio.value_or(0) > kMostSteal) return "steal";
  if (slice.noise.major_faults > 0) return "page_faults";
  if (slice.clock_ghz < kLeastClock * first_clock_ghz) return "slow_clock";
  return {};
}

CaseRun::CaseRun(BenchmarkCase benchmark, CasePlan plan, WorkerProgram worker)
    : benchmark_(std::move(benchmark)), plan_(plan), program_(std::move(worker)), cpus_(AllowedCpus()) {
  // The last ones: interrupts rather come to the first.
  const size_t threads = std::min(static_cast<size_t>(benchmark_.threads), cpus_.size());
  cpus_.erase(cpus_.begin(), cpus_.end() - static_cast<std::ptrdiff_t>(threads));
}

void CaseRun::MeasureMore(int processes) {
  plan_.min_processes = plan_.max_processes = processes_done() + processes;
  result_.converged = false;
  done_ = false;
}

void CaseRun::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (worker_ != nullptr) worker_->Interrupt();
}

void CaseRun::Fail(absl::Status status) {
  status_ = std::move(status);
  done_ = true;
  const std::lock_guard lock(mutex_);
  if (stopped_) status_ = absl::CancelledError("the case was stopped");
  worker_.reset();
}

void CaseRun::Step(std::chrono::milliseconds longest, absl::FunctionRef<bool()> must_yield) {
  if (done_) return;
  if (stage_ == Stage::kNew) StartWorker();
  if (stage_ == Stage::kReady) {
    Ask({.run = plan_.process_time / SlicesPerProcess(plan_), .error_samples = 0}, Stage::kRunning);
  }
  if (done_) return;
  const std::optional<std::string> line = Await(longest, must_yield);
  if (!line.has_value()) return;
  if (stage_ == Stage::kStarting) {
    stage_ = Stage::kReady;
    if (absl::Status status = ReadyFromLine(*line); !status.ok()) Fail(std::move(status));
  } else if (stage_ == Stage::kRunning) {
    absl::StatusOr<Slice> slice = SliceFromLine(*line);
    if (!slice.ok()) return Fail(slice.status());
    TakeSlice(*std::move(slice));
  } else {
    const absl::StatusOr<std::optional<SampledError>> error = ErrorFromLine(*line);
    if (!error.ok()) return Fail(error.status());
    asked_ = Clock::now();
    if (!error->has_value()) return;
    result_.error = **error;
    EndProcess(/*last=*/true);
  }
}

void CaseRun::StartWorker() {
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = WorkerProcess::Start(program_.path);
  if (!worker.ok()) return Fail(worker.status());
  {
    const std::lock_guard lock(mutex_);
    worker_ = *std::move(worker);
    if (stopped_) worker_->Interrupt();
  }
  const uint64_t seed = plan_.first_seed + static_cast<uint64_t>(processes_++);
  slices_left_ = SlicesPerProcess(plan_);
  first_clock_ghz_ = 0;
  stage_ = Stage::kStarting;
  asked_ = Clock::now();
  absl::Status status = worker_->Write(
      ToLine(WorkerTask{.benchmark = benchmark_, .layout_seed = seed, .cpus = cpus_, .plugins = program_.plugins}));
  for (const std::string& input : benchmark_.given) {
    if (status.ok()) status = worker_->Write(input);
  }
  if (!status.ok()) Fail(std::move(status));
}

void CaseRun::Ask(const WorkerRequest& request, Stage stage) {
  stage_ = stage;
  asked_ = Clock::now();
  overlapped_ = false;
  if (absl::Status status = worker_->Write(ToLine(request)); !status.ok()) Fail(std::move(status));
}

std::optional<std::string> CaseRun::Await(std::chrono::milliseconds longest, absl::FunctionRef<bool()> must_yield) {
  const Clock::time_point end = Clock::now() + longest;
  for (;;) {
    absl::StatusOr<std::optional<std::string>> line = worker_->TryReadLine(kLook);
    if (!line.ok()) {
      Fail(line.status());
      return std::nullopt;
    }
    if (line->has_value()) return *std::move(line);
    const Clock::time_point now = Clock::now();
    if (now - asked_ > plan_.patience) {
      Fail(absl::DeadlineExceededError(
          absl::StrCat("the worker has said nothing for ", plan_.patience.count(), " ms and was ended")));
      return std::nullopt;
    }
    // Only a slice is in the way of others.
    const bool yields = (now >= end || stage_ != Stage::kRunning) && must_yield();
    if (yields) overlapped_ = true;
    if (yields || now >= end + kOverdue) return std::nullopt;
  }
}

void CaseRun::TakeSlice(Slice slice) {
  stage_ = Stage::kReady;
  first_clock_ghz_ = std::max(first_clock_ghz_, slice.clock_ghz);
  const std::string reason(overlapped_ ? "other_work" : Disturbance(slice, first_clock_ghz_));
  int discarded = 0;
  for (const auto& [why, count] : result_.discarded) discarded += count;
  if (!reason.empty()) {
    if (discarded < kMostDiscarded * plan_.max_processes * SlicesPerProcess(plan_)) {
      ++result_.discarded[reason];
      return;
    }
    std::vector<std::string>& disturbed = result_.disturbed;
    if (std::find(disturbed.begin(), disturbed.end(), reason) == disturbed.end()) disturbed.push_back(reason);
  }
  process_samples_.insert(process_samples_.end(), slice.ns_per_call.begin(), slice.ns_per_call.end());
  process_copies_.push_back(slice.copy_ns);
  process_ratios_.resize(slice.ratios.size());
  for (size_t rival = 0; rival < slice.ratios.size(); ++rival) {
    const std::vector<double>& ratios = slice.ratios[rival];
    process_ratios_[rival].insert(process_ratios_[rival].end(), ratios.begin(), ratios.end());
  }
  clocks_.push_back(slice.clock_ghz);
  Add(slice.noise, result_.noise);
  result_.calls_per_sample = slice.calls_per_sample;
  if (--slices_left_ > 0) return;
  result_.process_medians_ns.push_back(Median(process_samples_));
  samples_.insert(samples_.end(), process_samples_.begin(), process_samples_.end());
  copies_.push_back(Median(process_copies_));
  result_.process_ratios.resize(process_ratios_.size());
  for (size_t rival = 0; rival < process_ratios_.size(); ++rival) {
    result_.process_ratios[rival].push_back(Median(process_ratios_[rival]));
  }
  process_samples_.clear();
  process_copies_.clear();
  process_ratios_.clear();
  SetMedian();
  const bool last = result_.converged || processes_done() >= plan_.max_processes;
  if (last && plan_.error_samples > 0) {
    return Ask({.run = {}, .error_samples = plan_.error_samples}, Stage::kMeasuringError);
  }
  EndProcess(last);
}

void CaseRun::SetMedian() {
  const int processes = processes_done();
  if (processes >= plan_.min_processes) result_.median_ns = Median(result_.process_medians_ns);
  // One process says nothing of others.
  if (processes < std::max(plan_.min_processes, 2)) return;
  const Interval interval = MedianInterval(result_.process_medians_ns);
  result_.median_interval = interval;
  result_.converged = interval.high - interval.low <= plan_.max_relative_width * result_.median_ns;
}

void CaseRun::EndProcess(bool last) {
  done_ = last;
  stage_ = Stage::kNew;
  const std::lock_guard lock(mutex_);
  worker_.reset();
}

CaseResult CaseRun::Result() const {
  CaseResult result = result_;
  std::vector<double> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  result.samples = static_cast<int64_t>(sorted.size());
  result.min_ns = sorted.front();
  result.p90_ns = Quantile(sorted, 0.9);
  result.p99_ns = Quantile(sorted, 0.99);
  result.copy_ns = Median(copies_);
  result.clock_ghz = Median(clocks_);
  return result;
}

}  // namespace actbench
