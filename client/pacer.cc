// SPDX-License-Identifier: Apache-2.0
#include "client/pacer.h"

#include <sys/prctl.h>

#include <thread>

namespace actbench::client {
namespace {

using std::chrono::steady_clock;

constexpr unsigned long kLeastSlackNs = 1;
// A cancellation is seen between two sleeps.
constexpr auto kLongestSleep = std::chrono::milliseconds(20);

}  // namespace

Pacer::Pacer(const Cancellation& cancellation)
    : cancellation_(cancellation), former_slack_ns_(::prctl(PR_GET_TIMERSLACK)) {
  ::prctl(PR_SET_TIMERSLACK, kLeastSlackNs);
}

Pacer::~Pacer() { ::prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(former_slack_ns_)); }

bool Pacer::WaitUntil(Time time) {
  while (!cancellation_.cancelled()) {
    const Time now = steady_clock::now();
    if (now >= time) return true;
    const Time wake = time - lead_.value();
    if (now >= wake) {
      while (steady_clock::now() < time) {
      }
      return true;
    }
    const Time end = std::min(wake, now + kLongestSleep);
    std::this_thread::sleep_until(end);
    lead_.Woke(steady_clock::now() - end);
  }
  return false;
}

}  // namespace actbench::client
