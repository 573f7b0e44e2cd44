// SPDX-License-Identifier: Apache-2.0
// Waits for points in time, closely and without burning a processor. Tested by pacer_test.cc.
#ifndef ACTBENCH_CLIENT_PACER_H_
#define ACTBENCH_CLIENT_PACER_H_

#include <algorithm>
#include <chrono>

#include "client/cancellation.h"

namespace actbench::client {

// How long before a time to wake up for it. The kernel wakes a thread some 30 to 100 us after its timer, differently on
// each machine and at each rate: this follows the third quartile of that, so that three times of four the thread is
// awake early, by a few microseconds that it can spin.
class WakeLead {
 public:
  std::chrono::nanoseconds value() const { return value_; }

  // The thread woke up so long after its timer.
  void Woke(std::chrono::nanoseconds late) {
    value_ = std::clamp(value_ + (late > value_ ? 3 * kStep : -kStep), std::chrono::nanoseconds(0), kMost);
  }

 private:
  static constexpr std::chrono::nanoseconds kStep{500};
  // Of a busy machine, where threads wait for milliseconds, no lead helps.
  static constexpr std::chrono::nanoseconds kMost = std::chrono::microseconds(100);

  std::chrono::nanoseconds value_ = std::chrono::microseconds(50);
};

// Of the thread that makes it.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Takes the thread's timer slack away, the 50 us by which Linux lets timers be late to save power. `cancellation`
  // must outlive it.
  explicit Pacer(const Cancellation& cancellation);
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // Returns true at `time`, at once where that has passed, or false within 20 ms once the cancellation was called.
  bool WaitUntil(Time time);

 private:
  const Cancellation& cancellation_;
  const int former_slack_ns_;
  WakeLead lead_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_PACER_H_
