// SPDX-License-Identifier: Apache-2.0
#include "client/pacer.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <random>
#include <thread>

namespace actbench::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

TEST(WakeLeadTest, FollowsTheThirdQuartile) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> late(20'000, 60'000);  // ns; the third quartile is 50 us
  WakeLead lead;
  for (int i = 0; i < 1000; ++i) lead.Woke(nanoseconds(static_cast<int64_t>(late(random))));
  nanoseconds sum{0};
  constexpr int kLooks = 2000;
  for (int i = 0; i < kLooks; ++i) {
    lead.Woke(nanoseconds(static_cast<int64_t>(late(random))));
    sum += lead.value();
  }
  EXPECT_NEAR(static_cast<double>((sum / kLooks).count()), 50'000, 2'000);
}

TEST(WakeLeadTest, StaysWithinBounds) {
  WakeLead lead;
  for (int i = 0; i < 1000; ++i) lead.Woke(milliseconds(5));
  EXPECT_EQ(lead.value(), microseconds(100)) << "a busy machine must not make it spin for long";
  for (int i = 0; i < 1000; ++i) lead.Woke(nanoseconds(0));
  EXPECT_LE(lead.value(), microseconds(2));
  EXPECT_GE(lead.value(), nanoseconds(0));
}

TEST(PacerTest, NeverReturnsEarly) {
  const Cancellation cancellation;
  Pacer pacer(cancellation);
  for (const auto wait : {nanoseconds(-1), nanoseconds(0), nanoseconds(1'000), nanoseconds(70'000),
                          nanoseconds(1'000'000), nanoseconds(50'000'000)}) {
    for (int i = 0; i < 5; ++i) {
      const Pacer::Time time = steady_clock::now() + wait;
      EXPECT_TRUE(pacer.WaitUntil(time));
      EXPECT_GE(steady_clock::now(), time);
    }
  }
}

TEST(PacerTest, ACancellationEndsAWait) {
  Cancellation cancellation;
  Pacer pacer(cancellation);
  std::thread other([&] { cancellation.Cancel(); });
  EXPECT_FALSE(pacer.WaitUntil(steady_clock::now() + std::chrono::hours(1)));
  EXPECT_FALSE(pacer.WaitUntil(steady_clock::now())) << "and all that follow";
  other.join();
}

TEST(PacerTest, TheThreadGetsItsTimerSlackBack) {
  const int before = ::prctl(PR_GET_TIMERSLACK);
  {
    const Cancellation cancellation;
    const Pacer pacer(cancellation);
    EXPECT_EQ(::prctl(PR_GET_TIMERSLACK), 1);
  }
  EXPECT_EQ(::prctl(PR_GET_TIMERSLACK), before);
}

}  // namespace
}  // namespace actbench::client
