// SPDX-License-Identifier: Apache-2.0
#include "server/timed_job.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"

namespace actbench {
namespace {

// While another process has the lease, a chunk only waits, and no longer than an Evaluate call may.
constexpr std::chrono::milliseconds kLeasePeriod{20};

}  // namespace

std::function<bool()> YieldsTo(const Scheduler& scheduler) {
  return [&scheduler] { return scheduler.counts().waiting[JobClass::kInteractive] > 0; };
}

bool TimedJob::HasLease() {
  if (lease_ != nullptr) return true;
  absl::StatusOr<std::unique_ptr<MachineLease>> lease = MachineLease::Try(tools_.lease_file);
  if (!lease.ok()) {
    status_ = lease.status();
    return false;
  }
  lease_ = *std::move(lease);
  if (lease_ == nullptr) {
    ++chunks_;
    std::this_thread::sleep_for(kLeasePeriod);
    return false;
  }
  start_ = absl::Now();
  MutexLock lock(mutex_);
  waits_for_lease_ = false;
  return true;
}

CaseRun* TimedJob::NextCase() {
  if (in_process_ != nullptr) return in_process_;
  if (turns_.empty()) {
    turns_ = NextRound();
    std::shuffle(turns_.begin(), turns_.end(), random_);
  }
  if (turns_.empty()) return nullptr;
  CaseRun* const next = turns_.back();
  turns_.pop_back();
  return next;
}

void TimedJob::RunChunk(size_t /*chunk*/) {
  if (!HasLease()) return;
  CaseRun* const run = NextCase();
  if (run == nullptr) return;
  {
    MutexLock lock(mutex_);
    current_ = run;
    current_name_ = run->benchmark().Text();
    if (interrupted_) run->Stop();
  }
  run->Step(kLongestSlice, must_yield_);
  {
    MutexLock lock(mutex_);
    if (run->done()) current_ = nullptr;
  }
  in_process_ = run->done() || run->between_processes() ? nullptr : run;
  AfterStep(*run);
  ++chunks_;
}

void TimedJob::Interrupt() {
  MutexLock lock(mutex_);
  interrupted_ = true;
  if (current_ != nullptr) current_->Stop();
}

void TimedJob::Done(const absl::Status& status) {
  duration_ = lease_ == nullptr ? absl::ZeroDuration() : absl::Now() - start_;
  {
    MutexLock lock(mutex_);
    current_ = nullptr;
  }
  turns_.clear();
  EndCases(status.ok() && status_.ok());
  lease_.reset();
  // Whoever is told may delete the job at once, on another thread.
  const DoneFunction done = std::move(done_);
  done(status.ok() ? status_ : status);
}

v1::BenchmarkProgress TimedJob::progress() const {
  v1::BenchmarkProgress progress;
  SetProgress(progress);
  MutexLock lock(mutex_);
  progress.set_current_case(current_name_);
  progress.set_waits_for_machine(waits_for_lease_);
  if (waits_for_lease_) progress.set_remaining_ms(-1);
  return progress;
}

}  // namespace actbench
