// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "kernels/measure/statistics.h"

namespace actbench {
namespace {

// A machine whose clock is read and whose calls take as long as is said.
struct FakeMachine {
  int64_t time = 0;
  int64_t clock_cost = 25;
  int64_t Now() { return time += clock_cost; }
};

Rounds TakeOne(FakeMachine& machine, const SamplingPlan& plan, absl::FunctionRef<int64_t()> ns_per_call) {
  return TakeRounds(
      1, [&](size_t, int64_t times) { machine.time += times * ns_per_call(); }, plan, [&] { return machine.Now(); });
}

TEST(SamplingTest, ASampleHoldsAsManyCallsAsFillIt) {
  for (const int64_t cost : {1, 7, 333, 99999, 100001, 30000000}) {
    FakeMachine machine;
    const Rounds rounds = TakeOne(machine, {}, [&] { return cost; });
    const double ns = static_cast<double>(rounds.calls_per_sample * cost);
    EXPECT_GE(ns, 50e3) << cost;
    EXPECT_LE(ns, std::max(200e3, static_cast<double>(cost))) << cost;
    EXPECT_NEAR(rounds.ns_per_call[0].front(), static_cast<double>(cost), 0.001 * static_cast<double>(cost) + 0.001);
  }
}

TEST(SamplingTest, ItEndsInTimeButHasARound) {
  FakeMachine machine;
  const SamplingPlan plan = {.time = std::chrono::milliseconds(50)};
  EXPECT_NEAR(static_cast<double>(TakeOne(machine, plan, [] { return 1000; }).ns_per_call[0].size()), 500, 10);
  EXPECT_LT(machine.time, 80000000);
  EXPECT_EQ(TakeOne(machine, plan, [] { return 1000000000; }).ns_per_call[0].size(), 1u);
}

TEST(SamplingTest, WhatIsSlowAtFirstDoesNotSetTheNumberOfCalls) {
  FakeMachine machine;
  const Rounds rounds = TakeOne(machine, {}, [&] { return machine.time < 10000000 ? 5000 : 100; });
  EXPECT_NEAR(static_cast<double>(rounds.calls_per_sample), 1000, 10);
  EXPECT_NEAR(rounds.ns_per_call[0].back(), 100, 0.1);
}

TEST(SamplingTest, EveryRoundHasAllInSomeOrder) {
  FakeMachine machine;
  std::vector<size_t> called;
  const Rounds rounds = TakeRounds(
      3,
      [&](size_t which, int64_t times) {
        called.push_back(which);
        machine.time += times * static_cast<int64_t>(100 * (which + 1));
      },
      {}, [&] { return machine.Now(); });
  const size_t count = rounds.ns_per_call[0].size();
  ASSERT_GT(count, 100u);
  std::set<std::vector<size_t>> orders;
  for (size_t round = 0; round < count; ++round) {
    const auto end = called.end() - static_cast<std::ptrdiff_t>(3 * round);
    std::vector<size_t> order(end - 3, end);
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2}));
  }
  EXPECT_EQ(orders.size(), 6u);
  for (size_t which = 0; which < 3; ++which) {
    EXPECT_NEAR(rounds.ns_per_call[which][count / 2], 100.0 * static_cast<double>(which + 1), 0.1);
  }
}

TEST(SamplingTest, ADriftOfTheMachineChangesNoRatio) {
  FakeMachine machine;
  const SamplingPlan plan = {.time = std::chrono::milliseconds(240)};
  const Rounds rounds = TakeRounds(
      4,
      [&](size_t which, int64_t times) {
        // The last has 5 % more to do, and in a second all become 10 % slower.
        const double drift = 1 + 0.1 * static_cast<double>(machine.time) / 1e9;
        machine.time += std::llround(static_cast<double>(times) * 500 * (which == 3 ? 1.05 : 1) * drift);
      },
      plan, [&] { return machine.Now(); });
  for (size_t which = 1; which < 4; ++which) {
    std::vector<double> ratios;
    for (size_t round = 0; round < rounds.ns_per_call[0].size(); ++round) {
      ratios.push_back(rounds.ns_per_call[which][round] / rounds.ns_per_call[0][round]);
    }
    EXPECT_NEAR(Median(ratios), which == 3 ? 1.05 : 1, 2e-4);
  }
}

TEST(SamplingTest, WhatMustBePreparedIsTimedWithoutThat) {
  FakeMachine machine;
  int64_t prepared = 0;
  const Rounds rounds = TakeSingleRounds(
      2,
      [&] {
        ++prepared;
        machine.time += 1000;
      },
      [&](size_t which) { machine.time += which == 0 ? 10 : 20; }, {}, [&] { return machine.Now(); });
  EXPECT_EQ(rounds.calls_per_sample, 1);
  EXPECT_EQ(rounds.ns_per_call[0].front(), 10);
  EXPECT_EQ(rounds.ns_per_call[1].back(), 20);
  EXPECT_GT(prepared, static_cast<int64_t>(2 * rounds.ns_per_call[0].size())) << "in the warm-up too";
}

}  // namespace
}  // namespace actbench
