// SPDX-License-Identifier: Apache-2.0
#include "client/load_result.h"

#include <gtest/gtest.h>

#include "tests/load_fixture.h"

namespace actbench::client {
namespace {

TEST(LoadResultTest, RatesAreOverTheMeasuredTime) {
  LoadResult result = MakeResult(1000);
  result.succeeded = 900;
  EXPECT_EQ(result.offered_per_second(), 100);
  EXPECT_EQ(result.achieved_per_second(), 90);
}

TEST(LoadResultTest, AQueueThatIsWorkedOffLaterIsNoAchievedRate) {
  LoadResult result = MakeResult(1000);
  result.seconds_to_last_success = 20;
  EXPECT_EQ(result.offered_per_second(), 100);
  EXPECT_EQ(result.achieved_per_second(), 50);
}

TEST(LoadResultTest, WhereNothingWasMeasuredRatesAre0) {
  EXPECT_EQ(LoadResult().offered_per_second(), 0);
  EXPECT_EQ(LoadResult().achieved_per_second(), 0);
  EXPECT_EQ(ShareWithinSlo(LoadResult()), 0);
}

// `late` of the results' requests, the last of which are late by 1 ms.
Punctuality JudgeLate(int64_t count, int64_t late, LoadSetup setup = MakeSetup(), int64_t latency = 2 * kMillisecond) {
  LoadResult result = MakeResult(count);
  result.lateness = {};
  for (int64_t i = 0; i < count; ++i) result.lateness.Record(i < count - late ? 0 : kMillisecond);
  result.latency = {};
  for (int64_t i = 0; i < count; ++i) result.latency.Record(latency);
  return JudgePunctuality(setup, result);
}

TEST(PunctualityTest, OneInAHundredMayBeLate) {
  EXPECT_FALSE(JudgeLate(1000, 10).late);
  EXPECT_TRUE(JudgeLate(1000, 11).late);
  EXPECT_EQ(JudgeLate(1000, 10).p, 0.99);
}

TEST(PunctualityTest, LateIsOverAQuarterOfTheLatencyAndOverATenthOfAMillisecond) {
  EXPECT_FALSE(JudgeLate(1000, 500, MakeSetup(), 4 * kMillisecond).late);
  EXPECT_TRUE(JudgeLate(1000, 500, MakeSetup(), 3 * kMillisecond).late);
  LoadResult result = MakeResult(1000);
  result.latency = {};
  for (int i = 0; i < 1000; ++i) result.latency.Record(1);
  result.lateness.Merge(result.latency);
  EXPECT_FALSE(JudgePunctuality(MakeSetup(), result).late) << "a microsecond";
  EXPECT_EQ(JudgePunctuality(MakeSetup(), result).allowed_ns, kMillisecond / 10);
}

TEST(PunctualityTest, TheUserMayAllowMoreOrLess) {
  LoadSetup setup = MakeSetup();
  setup.max_late_ms = 1.5;
  EXPECT_FALSE(JudgeLate(1000, 1000, setup).late);
  setup.max_late_ms = 0.5;
  EXPECT_TRUE(JudgeLate(1000, 1000, setup, 100 * kMillisecond).late);
}

TEST(PunctualityTest, OfFewRequestsALowerQuantileIsLookedAt) {
  EXPECT_EQ(JudgeLate(999, 50).p, 0.9);
  EXPECT_FALSE(JudgeLate(999, 50).late);
  EXPECT_TRUE(JudgeLate(999, 150).late);
  EXPECT_EQ(JudgeLate(99, 40).p, 0.5);
  EXPECT_FALSE(JudgeLate(99, 40).late);
  EXPECT_EQ(JudgeLate(19, 19).p, 0);
  EXPECT_FALSE(JudgeLate(19, 19).late) << "there are too few to say";
}

TEST(PunctualityTest, WhoDropsRequestsForBeingLateIsLate) {
  LoadResult result = MakeResult(1000);
  EXPECT_FALSE(JudgePunctuality(MakeSetup(), result).late);
  result.dropped_in_flight = 1;
  EXPECT_FALSE(JudgePunctuality(MakeSetup(), result).late) << "that was the server's fault";
  result.dropped_late = 1;
  EXPECT_TRUE(JudgePunctuality(MakeSetup(), result).late);
}

TEST(SloTest, IsOfAllArrivals) {
  const Slo slo = {.limit_ms = 5, .quantile = 0.99};
  LoadResult result = MakeResult(1000);
  EXPECT_EQ(JudgeSlo(slo, result), SloVerdict::kMet);
  result.within_slo = 990;
  EXPECT_EQ(ShareWithinSlo(result), 0.99);
  EXPECT_EQ(JudgeSlo(slo, result), SloVerdict::kMet);
  result.within_slo = 989;
  EXPECT_EQ(JudgeSlo(slo, result), SloVerdict::kMissed);
  // All that succeeded did so in time, but others were dropped.
  result = MakeResult(2000);
  result.arrivals = 2100;
  result.dropped_in_flight = 100;
  EXPECT_EQ(JudgeSlo(slo, result), SloVerdict::kMissed);
}

TEST(SloTest, WhatAnInterruptionEndedDoesNotCount) {
  const Slo slo = {.limit_ms = 5, .quantile = 0.99};
  LoadResult result = MakeResult(1000);
  result.arrivals = 1100;
  result.unfinished = 100;
  EXPECT_EQ(JudgeSlo(slo, result), SloVerdict::kMet);
}

TEST(SloTest, FewRequestsAreNoAnswer) {
  EXPECT_EQ(JudgeSlo({.limit_ms = 5, .quantile = 0.99}, MakeResult(999)), SloVerdict::kTooFew);
  EXPECT_EQ(JudgeSlo({.limit_ms = 5, .quantile = 0.9}, MakeResult(999)), SloVerdict::kMet);
}

}  // namespace
}  // namespace actbench::client
