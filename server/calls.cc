// SPDX-License-Identifier: Apache-2.0
#include "server/calls.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace actbench {

void Calls::NoteActivity() { last_activity_.store(absl::ToUnixNanos(absl::Now()), std::memory_order_relaxed); }

void Calls::Accepted() {
  MutexLock lock(mutex_);
  ++accepted_;
}

void Calls::Ended() {
  MutexLock lock(mutex_);
  if (--accepted_ == 0) none_.NotifyAll();
}

bool Calls::AwaitAnswers(absl::Time deadline) {
  MutexLock lock(mutex_);
  while (accepted_ > 0 && absl::Now() < deadline) none_.WaitUntil(mutex_, deadline);
  return accepted_ == 0;
}

void Calls::AwaitQuiet(absl::Duration quiet, absl::Time deadline) const {
  while (true) {
    const absl::Time now = absl::Now();
    const absl::Time end =
        std::min(absl::FromUnixNanos(last_activity_.load(std::memory_order_relaxed)) + quiet, deadline);
    if (end <= now) return;
    absl::SleepFor(end - now);
  }
}

}  // namespace actbench
