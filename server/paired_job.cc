// SPDX-License-Identifier: Apache-2.0
#include "server/paired_job.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "server/paired_convert.h"

namespace actbench {
namespace {

// The second pass is with other places in memory and other orders than the first.
constexpr uint64_t kSecondPassSeed = 1'000'000;

}  // namespace

PairedJob::PairedJob(PairedPlan plan, BenchmarkTools tools, absl::Time deadline, MustYield must_yield,
                     DoneFunction done)
    : TimedJob(std::move(tools), deadline, std::move(must_yield), std::move(done)), plan_(std::move(plan)) {
  for (size_t place = 0; place < plan_.pairs.size(); ++place) {
    if (plan_.pairs[place].benchmark.has_value()) Begin(place, plan_.each, first_);
  }
}

void PairedJob::Begin(size_t place, const CasePlan& each, Pass& pass) {
  pass.push_back({place, std::make_unique<CaseRun>(*plan_.pairs[place].benchmark, each, worker())});
  MutexLock lock(mutex_);
  processes_ += each.max_processes;
  processes_left_ += each.max_processes;
}

std::vector<CaseRun*> PairedJob::NextRound() {
  const auto not_done = [this] {
    std::vector<CaseRun*> runs;
    for (const Measured& one : pass()) {
      if (!one.run->done()) runs.push_back(one.run.get());
    }
    return runs;
  };
  std::vector<CaseRun*> round = not_done();
  return round.empty() && (Extend() || Confirm()) ? not_done() : round;
}

void PairedJob::AfterStep(CaseRun& run) {
  if (run.done() && run.status().ok()) {
    const auto found =
        std::find_if(pass().begin(), pass().end(), [&](const Measured& one) { return &run == one.run.get(); });
    found->judgement = Estimate(RatiosOf(run.Result()), plan_.threshold);
  }
  int left = 0;
  int done = 0;
  for (const Measured& one : pass()) {
    left += one.run->processes_left();
    done += one.run->done() ? 1 : 0;
  }
  MutexLock lock(mutex_);
  processes_left_ = left;
  cases_done_ = done;
}

namespace {

// Those of the pass that went well, judged together.
template <class Pass>
std::vector<typename Pass::pointer> Judged(Pass& pass) {
  std::vector<typename Pass::pointer> measured;
  std::vector<Judgement> judgements;
  for (auto& one : pass) {
    if (!one.run->done() || !one.run->status().ok()) continue;
    measured.push_back(&one);
    judgements.push_back(one.judgement);
  }
  SetVerdicts(absl::MakeSpan(judgements));
  for (size_t i = 0; i < measured.size(); ++i) measured[i]->judgement = std::move(judgements[i]);
  return measured;
}

}  // namespace

bool PairedJob::Extend() {
  int added = 0;
  for (Measured* const one : Judged(pass())) {
    const int more = std::min(kMoreProcesses, plan_.max_processes - one->run->processes_done());
    if (IsDecided(one->judgement.verdict) || more <= 0 || absl::Now() > start() + plan_.time) continue;
    one->run->MeasureMore(more);
    added += more;
  }
  MutexLock lock(mutex_);
  processes_ += added;
  processes_left_ += added;
  return added > 0;
}

bool PairedJob::Confirm() {
  if (std::exchange(confirming_, true)) return false;
  for (const Measured* const one : Judged(first_)) {
    if (one->judgement.verdict != Verdict::kSlower) continue;
    // As many processes as it took, as there may be no time for more.
    CasePlan each = plan_.each;
    each.min_processes = each.max_processes = one->run->processes_done();
    each.first_seed = kSecondPassSeed;
    Begin(one->place, each, second_);
  }
  return !second_.empty();
}

void PairedJob::EndCases(bool well) {
  if (well) SetResults();
  first_.clear();
  second_.clear();
}

void PairedJob::SetResults() {
  Judged(first_);
  Judged(second_);
  std::vector<v1::SpeedComparison> results;
  results.reserve(plan_.pairs.size());
  for (const PlannedPair& pair : plan_.pairs) results.push_back(pair.result);
  for (const Measured& one : first_) SetFirstPass(*one.run, one.judgement, results[one.place]);
  for (const Measured& one : second_) SetSecondPass(*one.run, one.judgement, results[one.place]);
  MutexLock lock(mutex_);
  results_ = std::move(results);
}

void PairedJob::SetProgress(v1::BenchmarkProgress& progress) const {
  MutexLock lock(mutex_);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(ProcessDuration(plan_.each)) * processes_left_;
  progress.set_cases_total(static_cast<int>(plan_.pairs.size()));
  progress.set_cases_done(cases_done_);
  progress.set_share(processes_ == 0 ? 1 : 1 - static_cast<double>(processes_left_) / processes_);
  progress.set_remaining_ms(left.count());
}

std::vector<v1::SpeedComparison> PairedJob::TakeResults() {
  MutexLock lock(mutex_);
  return std::exchange(results_, {});
}

}  // namespace actbench
