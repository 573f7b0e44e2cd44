// SPDX-License-Identifier: Apache-2.0
// For tests that wait.
#ifndef ACTBENCH_TESTS_GATE_H_
#define ACTBENCH_TESTS_GATE_H_

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/mutex.h"

namespace actbench {

// The largest time that anything in a test should take, on a slow machine under a sanitizer.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// A one-way gate.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  // Whether it opened in time.
  bool Wait(absl::Duration patience = kPatience) {
    const absl::Time deadline = absl::Now() + patience;
    MutexLock lock(mutex_);
    while (!open_ && absl::Now() < deadline) changed_.WaitUntil(mutex_, deadline);
    return open_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_GATE_H_
