// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_job.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/benchmark_convert.h"

namespace actbench {

BenchmarkJob::BenchmarkJob(BenchmarkPlan plan, BenchmarkTools tools, absl::Time deadline, MustYield must_yield,
                           DoneFunction done)
    : TimedJob(std::move(tools), deadline, std::move(must_yield), std::move(done)),
      plan_(std::move(plan)),
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

bool BenchmarkJob::BeginGroup() {
  const auto& cases = plan_.cases;
  while (next_place_ < cases.size() && !cases[next_place_].benchmark.has_value()) ++next_place_;
  if (next_place_ == cases.size()) return false;
  const size_t group = cases[next_place_].group;
  for (; next_place_ < cases.size() && cases[next_place_].group == group; ++next_place_) {
    const PlannedCase& planned = cases[next_place_];
    if (!planned.benchmark.has_value()) continue;
    group_.push_back({next_place_, std::make_unique<CaseRun>(*planned.benchmark, plan_.each, worker())});
  }
  return true;
}

std::vector<CaseRun*> BenchmarkJob::NextRound() {
  if (group_.empty() && !BeginGroup()) return {};
  std::vector<CaseRun*> round;
  round.reserve(group_.size());
  for (const Running& running : group_) round.push_back(running.run.get());
  return round;
}

void BenchmarkJob::AfterStep(CaseRun& run) {
  const auto found =
      std::find_if(group_.begin(), group_.end(), [&](const Running& one) { return &run == one.run.get(); });
  const int processes = run.done() ? plan_.each.max_processes : run.processes_done();
  const int gone = processes - std::exchange(found->processes, processes);
  if (!run.done()) {
    MutexLock lock(mutex_);
    processes_left_ -= gone;
    return;
  }
  v1::BenchmarkResult result = plan_.cases[found->place].result;
  SetOutcome(run, result);
  {
    MutexLock lock(mutex_);
    processes_left_ -= gone;
    results_[found->place] = std::move(result);
  }
  group_.erase(found);
}

void BenchmarkJob::SetProgress(v1::BenchmarkProgress& progress) const {
  MutexLock lock(mutex_);
  progress.set_cases_total(static_cast<int>(results_.size()));
  progress.set_cases_done(static_cast<int>(
      std::count_if(results_.begin(), results_.end(), [](const auto& result) { return result.has_value(); })));
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(ProcessDuration(plan_.each)) * processes_left_;
  progress.set_share(processes_ == 0 ? 1 : 1 - static_cast<double>(processes_left_) / processes_);
  progress.set_remaining_ms(left.count());
}

std::vector<v1::BenchmarkResult> BenchmarkJob::TakeResults() {
  MutexLock lock(mutex_);
  std::vector<v1::BenchmarkResult> taken;
  for (; taken_ < results_.size() && results_[taken_].has_value(); ++taken_) taken.push_back(*results_[taken_]);
  return taken;
}

}  // namespace actbench
