// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace actbench {
namespace {

// A machine whose clock is read and whose calls take as long as is said.
struct FakeMachine {
  int64_t time = 0;
  int64_t clock_cost = 25;
  int64_t Now() { return time += clock_cost; }
};

Samples Take(FakeMachine& machine, const SamplingPlan& plan, absl::FunctionRef<int64_t(int64_t sample)> ns_per_call) {
  int64_t sample = 0;
  return TakeSamples([&](int64_t times) { machine.time += times * ns_per_call(sample++); }, plan,
                     [&] { return machine.Now(); });
}

TEST(SamplingTest, ASampleHoldsAsManyCallsAsFillIt) {
  for (const int64_t cost : {1, 7, 333, 99999, 100001, 30000000}) {
    FakeMachine machine;
    const Samples samples = Take(machine, {}, [&](int64_t) { return cost; });
    const double ns = static_cast<double>(samples.calls_per_sample * cost);
    EXPECT_GE(ns, 50e3) << cost;
    EXPECT_LE(ns, std::max(200e3, static_cast<double>(cost))) << cost;
    EXPECT_NEAR(samples.ns_per_call.front(), static_cast<double>(cost), 0.001 * static_cast<double>(cost) + 0.001);
    EXPECT_EQ(samples.clock_overhead_ns, 25);
  }
}

TEST(SamplingTest, ItStopsAsSoonAsTheMedianIsKnown) {
  FakeMachine machine;
  const Samples samples = Take(machine, {}, [](int64_t) { return 1000; });
  EXPECT_TRUE(samples.converged);
  EXPECT_EQ(samples.median_interval.low, samples.median_interval.high);
  EXPECT_GE(samples.ns_per_call.size(), 20u);
  EXPECT_LT(machine.time, 200000000);
}

TEST(SamplingTest, WhatDoesNotConvergeEndsInTimeAndSaysSo) {
  FakeMachine machine;
  const Samples samples = Take(machine, {}, [](int64_t sample) { return sample % 2 == 0 ? 1000 : 2000; });
  EXPECT_FALSE(samples.converged);
  EXPECT_NEAR(samples.median_interval.low, 1000, 1);  // and the clock
  EXPECT_NEAR(samples.median_interval.high, 2000, 1);
  EXPECT_LT(machine.time, 1200000000);
  EXPECT_TRUE(std::is_sorted(samples.ns_per_call.begin(), samples.ns_per_call.end()));
}

TEST(SamplingTest, WhatIsSlowAtFirstDoesNotSetTheNumberOfCalls) {
  FakeMachine machine;
  const Samples samples = Take(machine, {}, [&](int64_t) { return machine.time < 10000000 ? 5000 : 100; });
  EXPECT_NEAR(static_cast<double>(samples.calls_per_sample), 1000, 10);
  EXPECT_NEAR(samples.ns_per_call.back(), 100, 0.1);
}

TEST(SamplingTest, ACallLongerThanAllTimeIsMeasuredOnce) {
  FakeMachine machine;
  const Samples samples = Take(machine, {}, [](int64_t) { return 5000000000; });
  EXPECT_EQ(samples.calls_per_sample, 1);
  EXPECT_EQ(samples.ns_per_call.size(), 1u);
  EXPECT_FALSE(samples.converged);
}

TEST(SamplingTest, WhatIsPreparedForACallIsNotTimedNorIsTheClock) {
  FakeMachine machine;
  int64_t prepared = 0;
  const SamplingPlan plan = {.min_time = std::chrono::milliseconds(1), .max_time = std::chrono::milliseconds(1)};
  const Samples samples = TakeSingleSamples(
      [&] {
        ++prepared;
        machine.time += 1000;
      },
      [&] { machine.time += 10; }, plan, [&] { return machine.Now(); });
  EXPECT_EQ(samples.calls_per_sample, 1);
  EXPECT_EQ(samples.ns_per_call.front(), 10);
  EXPECT_EQ(samples.ns_per_call.back(), 10);
  EXPECT_GT(prepared, static_cast<int64_t>(samples.ns_per_call.size())) << "in the warm-up too";
}

TEST(SamplingTest, TheSteadyClockOnlyGoesForward) {
  const int64_t before = SteadyNow();
  EXPECT_LE(before, SteadyNow());
}

}  // namespace
}  // namespace actbench
