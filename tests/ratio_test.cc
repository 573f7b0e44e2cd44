// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/ratio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace actbench {
namespace {

TEST(RatioTest, ARatioIsTheMedianOfTheProcesses) {
  const RatioEstimate estimate = EstimateRatio({1.04, 1.05, 9, 1.05, 1.06});
  EXPECT_DOUBLE_EQ(estimate.ratio, 1.05);
  EXPECT_NEAR(estimate.low, 1.04, 1e-12);
  EXPECT_NEAR(estimate.high, 9, 1e-12);
  EXPECT_GT(estimate.half_width(), 3.9);
}

TEST(RatioTest, WhoExchangesTheTwoGetsTheInverse) {
  const std::vector<double> ratios = {0.9, 1.1, 1.3, 1.05, 1.2, 1.15};
  std::vector<double> inverse;
  for (const double ratio : ratios) inverse.push_back(1 / ratio);
  const RatioEstimate one = EstimateRatio(ratios);
  const RatioEstimate other = EstimateRatio(inverse);
  EXPECT_NEAR(one.ratio * other.ratio, 1, 1e-12);
  EXPECT_NEAR(one.low * other.high, 1, 1e-3);  // both are drawn
  EXPECT_NEAR(one.high * other.low, 1, 1e-3);
}

TEST(RatioTest, RunsApartGiveTheRatioOfTheirMedians) {
  const RatioEstimate estimate = EstimateRatio({10, 11, 12, 10, 50}, {22, 22.1, 22.2});
  EXPECT_NEAR(estimate.ratio, 22.1 / 11, 1e-12);
  EXPECT_GE(estimate.low, 22.0 / 50);
  EXPECT_LE(estimate.low, 2);
  EXPECT_GE(estimate.high, 2.1);
}

// Signed ranks: both of 2^5 ways that are as far out, and 10 of 2^8 (no rank of 8, 1, 2, 3, 1 and 2). Rank sums: 2 of
// 70 choices, and 174 of 252.
TEST(RatioTest, ProbabilitiesAreThoseOfTheTables) {
  EXPECT_NEAR(SignedRankPValue({1.1, 1.2, 1.3, 1.4, 1.5}), 0.0625, 1e-12);
  EXPECT_NEAR(SignedRankPValue({1.1, 1.2, 1.3, 1.4, 1.5, 0.95, 0.99, 1.25}), 0.0390625, 1e-12);
  EXPECT_NEAR(RankSumPValue({1, 2, 3, 4}, {5, 6, 7, 8}), 2.0 / 70, 1e-12);
  EXPECT_NEAR(RankSumPValue({1, 4, 6, 9, 12}, {2, 3, 5, 7, 8}), 174.0 / 252, 1e-12);
}

TEST(RatioTest, NothingIsCertainOfNothing) {
  EXPECT_EQ(SignedRankPValue({1, 1, 1}), 1);
  EXPECT_EQ(RankSumPValue({2, 2, 2}, {2, 2}), 1);
  EXPECT_EQ(SignedRankPValue({1.5}), 1);
}

TEST(RatioTest, ManyProcessesAreNoTrouble) {
  EXPECT_LT(SignedRankPValue(std::vector<double>(100, 1.01)), 1e-15);
  EXPECT_GT(SignedRankPValue(std::vector<double>(100, 1.01)), 0);
  EXPECT_LT(RankSumPValue(std::vector<double>(1000, 1), std::vector<double>(1000, 2)), 1e-30);
}

// 64 are counted, 65 are not.
TEST(RatioTest, ManyProcessesGiveWhatFewerGive) {
  std::vector<double> ratios;
  std::vector<double> first;
  std::vector<double> second;
  for (int i = 0; i < 64; ++i) ratios.push_back(std::exp((i % 3 == 0 ? -1 : 0.6) * (1 + i)));
  for (int i = 0; i < 32; ++i) {
    first.push_back(i);
    second.push_back(i * 1.3 + 0.1);
  }
  const double signed_rank = SignedRankPValue(ratios);
  const double rank_sum = RankSumPValue(first, second);
  EXPECT_GT(signed_rank, 1e-3);
  EXPECT_LT(signed_rank, 0.9);
  ratios.push_back(1.0001);
  second.push_back(15.55);
  EXPECT_NEAR(SignedRankPValue(ratios), signed_rank, 0.1 * signed_rank);
  EXPECT_NEAR(RankSumPValue(first, second), rank_sum, 0.1 * rank_sum);
}

TEST(RatioTest, ByChanceAProbabilityIsAsSmallAsItSays) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  int small = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> ratios(16);
    for (double& ratio : ratios) ratio = std::exp(0.01 * normal(random));
    small += SignedRankPValue(ratios) <= 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(small) / kTrials, 0.05, 0.02);
}

TEST(RatioTest, TheLeastProbabilityIsThatOfAllOnOneSide) {
  for (const size_t count : {1, 6, 16}) {
    EXPECT_NEAR(LeastSignedRankPValue(count), SignedRankPValue(std::vector<double>(count, 1.5)), 1e-15) << count;
    const std::vector<double> first(count, 1);
    const std::vector<double> second(8, 2);
    EXPECT_NEAR(LeastRankSumPValue(count, 8) / RankSumPValue(first, second), 1, 1e-9) << count;
  }
}

// R: p.adjust(c(0.01, 0.04, 0.03, 0.5), "BH").
TEST(RatioTest, ManyProbabilitiesAreWorthLess) {
  const std::vector<double> adjusted = AdjustForMany({0.01, 0.04, 0.03, 0.5});
  EXPECT_NEAR(adjusted[0], 0.04, 1e-12);
  EXPECT_NEAR(adjusted[1], 0.16 / 3, 1e-12);
  EXPECT_NEAR(adjusted[2], 0.16 / 3, 1e-12);
  EXPECT_NEAR(adjusted[3], 0.5, 1e-12);
  EXPECT_TRUE(AdjustForMany({}).empty());
  EXPECT_EQ(AdjustForMany({0.7})[0], 0.7);
}

}  // namespace
}  // namespace actbench
