// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_job.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "server/benchmark_convert.h"

namespace actbench {
namespace {

// While another process has the lease, a chunk only waits, and no longer than an Evaluate call may.
constexpr std::chrono::milliseconds kLeasePeriod{20};

}  // namespace

BenchmarkJob::BenchmarkJob(BenchmarkPlan plan, BenchmarkTools tools, absl::Time deadline,
                           std::function<bool()> must_yield, std::function<void(const absl::Status&)> done)
    : plan_(std::move(plan)),
      tools_(std::move(tools)),
      deadline_(deadline),
      must_yield_(std::move(must_yield)),
      done_(std::move(done)),
      results_(plan_.cases.size()) {
  for (size_t place = 0; place < plan_.cases.size(); ++place) {
    if (plan_.cases[place].benchmark.has_value()) {
      processes_left_ += plan_.each.max_processes;
    } else {
      results_[place] = plan_.cases[place].result;
    }
  }
  processes_ = processes_left_;
}

void BenchmarkJob::RunChunk(size_t /*chunk*/) {
  if (lease_ == nullptr) {
    absl::StatusOr<std::unique_ptr<MachineLease>> lease = MachineLease::Try(tools_.lease_file);
    if (!lease.ok()) {
      status_ = lease.status();
      return;
    }
    lease_ = *std::move(lease);
    if (lease_ == nullptr) {
      std::this_thread::sleep_for(kLeasePeriod);
      ++chunks_;
      return;
    }
    start_ = absl::Now();
    MutexLock lock(mutex_);
    waits_for_lease_ = false;
  }
  if (group_.empty() && !BeginGroup()) return;
  RunStep();
  ++chunks_;
}

bool BenchmarkJob::BeginGroup() {
  const auto& cases = plan_.cases;
  while (next_place_ < cases.size() && !cases[next_place_].benchmark.has_value()) ++next_place_;
  if (next_place_ == cases.size()) return false;
  const size_t group = cases[next_place_].group;
  for (; next_place_ < cases.size() && cases[next_place_].group == group; ++next_place_) {
    const PlannedCase& planned = cases[next_place_];
    if (!planned.benchmark.has_value()) continue;
    group_.push_back({next_place_, std::make_unique<CaseRun>(*planned.benchmark, plan_.each, tools_.worker)});
  }
  return true;
}

CaseRun& BenchmarkJob::NextCase() {
  {
    MutexLock lock(mutex_);
    if (current_ != nullptr && !current_->done() && !current_->between_processes()) return *current_;
  }
  if (turns_.empty()) {
    for (const Running& running : group_) turns_.push_back(running.run.get());
    std::shuffle(turns_.begin(), turns_.end(), random_);
  }
  CaseRun* const next = turns_.back();
  turns_.pop_back();
  return *next;
}

void BenchmarkJob::RunStep() {
  CaseRun& run = NextCase();
  const int before = run.processes_done();
  {
    MutexLock lock(mutex_);
    current_ = &run;
    current_name_ = run.benchmark().Text();
    if (interrupted_) run.Stop();
  }
  run.Step(kLongestSlice, must_yield_);
  {
    MutexLock lock(mutex_);
    processes_left_ -= run.done() ? plan_.each.max_processes - before : run.processes_done() - before;
    if (run.done()) current_ = nullptr;
  }
  if (!run.done()) return;
  const auto found =
      std::find_if(group_.begin(), group_.end(), [&](const Running& one) { return &run == one.run.get(); });
  v1::BenchmarkResult result = plan_.cases[found->place].result;
  SetOutcome(run, result);
  Finish(found->place, std::move(result));
  turns_.erase(std::remove(turns_.begin(), turns_.end(), &run), turns_.end());
  group_.erase(found);
}

void BenchmarkJob::Finish(size_t place, v1::BenchmarkResult result) {
  MutexLock lock(mutex_);
  results_[place] = std::move(result);
}

void BenchmarkJob::Interrupt() {
  MutexLock lock(mutex_);
  interrupted_ = true;
  if (current_ != nullptr) current_->Stop();
}

void BenchmarkJob::Done(const absl::Status& status) {
  duration_ = lease_ == nullptr ? absl::ZeroDuration() : absl::Now() - start_;
  {
    MutexLock lock(mutex_);
    current_ = nullptr;
  }
  group_.clear();
  lease_.reset();
  // Whoever is told may delete the job at once, on another thread.
  const std::function<void(const absl::Status&)> done = std::move(done_);
  done(status.ok() ? status_ : status);
}

v1::BenchmarkProgress BenchmarkJob::progress() const {
  MutexLock lock(mutex_);
  v1::BenchmarkProgress progress;
  progress.set_cases_total(static_cast<int>(results_.size()));
  progress.set_cases_done(static_cast<int>(
      std::count_if(results_.begin(), results_.end(), [](const auto& result) { return result.has_value(); })));
  progress.set_current_case(current_name_);
  progress.set_waits_for_machine(waits_for_lease_);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(ProcessDuration(plan_.each)) * processes_left_;
  progress.set_share(processes_ == 0 ? 1 : 1 - static_cast<double>(processes_left_) / processes_);
  progress.set_remaining_ms(waits_for_lease_ ? -1 : left.count());
  return progress;
}

std::vector<v1::BenchmarkResult> BenchmarkJob::TakeResults() {
  MutexLock lock(mutex_);
  std::vector<v1::BenchmarkResult> taken;
  for (; taken_ < results_.size() && results_[taken_].has_value(); ++taken_) taken.push_back(*results_[taken_]);
  return taken;
}

}  // namespace actbench
