// SPDX-License-Identifier: Apache-2.0
#include "client/load_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace actbench::client {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::vector<int64_t> TimesOf(Schedule schedule) {
  std::vector<int64_t> times;
  while (const std::optional<int64_t> time = schedule.Next()) times.push_back(*time);
  EXPECT_FALSE(schedule.Next().has_value()) << "it is over for good";
  return times;
}

// 100,000 arrivals on average.
constexpr double kRate = 5000;
constexpr int64_t kLength = 20 * kSecond;
constexpr double kExpected = 100'000;
std::vector<int64_t> PoissonTimes(uint64_t seed) { return TimesOf(Schedule(Arrivals::kPoisson, kRate, kLength, seed)); }

TEST(ScheduleTest, TheSameSeedGivesTheSameTimes) {
  EXPECT_EQ(PoissonTimes(7), PoissonTimes(7));
  EXPECT_NE(PoissonTimes(7), PoissonTimes(8));
}

// What a user has noted with a result has to mean the same elsewhere and later.
TEST(ScheduleTest, TheTimesOfASeedNeverChange) {
  const std::vector<int64_t> times = TimesOf(Schedule(Arrivals::kPoisson, 1000, kSecond, 0));
  ASSERT_GE(times.size(), 3U);
  EXPECT_EQ(times[0], 1'833'874);
  EXPECT_EQ(times[1], 1'841'760);
  EXPECT_EQ(times[2], 5'071'468);
}

TEST(ScheduleTest, PoissonArrivalsHaveTheMeanRate) {
  for (const uint64_t seed : {1, 2, 3}) {
    EXPECT_NEAR(static_cast<double>(PoissonTimes(seed).size()), kExpected, 4 * std::sqrt(kExpected));
  }
}

TEST(ScheduleTest, TheGapsOfPoissonArrivalsAreExponential) {
  const std::vector<int64_t> times = PoissonTimes(1);
  std::vector<double> gaps;
  for (size_t i = 1; i < times.size(); ++i) gaps.push_back(static_cast<double>(times[i] - times[i - 1]) * kRate / 1e9);
  std::sort(gaps.begin(), gaps.end());
  // Kolmogorov and Smirnov's distance; larger than this in one of a thousand samples.
  const auto n = static_cast<double>(gaps.size());
  double distance = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    const double expected = 1 - std::exp(-gaps[i]);
    distance = std::max({distance, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
  }
  EXPECT_LT(distance * std::sqrt(n), 1.95);
}

// A regular stream with the right gaps would have counts that vary less, one with bursts more.
TEST(ScheduleTest, PoissonArrivalsKnowNothingOfOneAnother) {
  constexpr size_t kWindows = 2000;
  std::vector<double> counts(kWindows);
  for (const int64_t time : PoissonTimes(1)) ++counts[static_cast<size_t>(time) / (kLength / kWindows)];
  const double mean = kExpected / kWindows;
  double variance = 0;
  for (const double count : counts) variance += (count - mean) * (count - mean) / kWindows;
  EXPECT_NEAR(variance / mean, 1, 4 * std::sqrt(2.0 / kWindows));
}

TEST(ScheduleTest, ConstantArrivalsDoNotDrift) {
  const std::vector<int64_t> times = TimesOf(Schedule(Arrivals::kConstant, 3, 100'000 * kSecond, 5));
  ASSERT_EQ(times.size(), 300'000U);
  for (size_t i = 0; i < times.size(); i += 3) EXPECT_EQ(times[i], static_cast<int64_t>(i / 3) * kSecond);
  EXPECT_EQ(times[1], 333'333'333);
}

TEST(ScheduleTest, TimesAscendAndLieInTheLength) {
  for (const Arrivals arrivals : {Arrivals::kPoisson, Arrivals::kConstant}) {
    const std::vector<int64_t> times = TimesOf(Schedule(arrivals, 1e6, kSecond / 10, 1));
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
    EXPECT_GE(times.front(), 0);
    EXPECT_LT(times.back(), kSecond / 10);
  }
}

TEST(ScheduleTest, ASlowRateMayHaveNoArrival) {
  EXPECT_EQ(TimesOf(Schedule(Arrivals::kConstant, 1e-3, kSecond, 0)).size(), 1U) << "the first, at 0";
  EXPECT_TRUE(TimesOf(Schedule(Arrivals::kPoisson, 1e-9, kSecond, 0)).empty());
}

}  // namespace
}  // namespace actbench::client
