// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/student.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numbers>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/measure/ratio.h"

namespace actbench {
namespace {

double PValue(double t, double degrees) { return StudentPValue({t, 1, degrees}); }

TEST(StudentTest, ThePValueIsTheDistributions) {
  for (const double t : {0.001, 0.1, 1.0, 2.0, 30.0, 1e4}) {
    EXPECT_NEAR(PValue(t, 1) / (2 / std::numbers::pi * std::atan(1 / t)), 1, 1e-12) << t;
    const double root = std::sqrt(2 + t * t);
    EXPECT_NEAR(PValue(t, 2) / (2 / (root * (root + t))), 1, 1e-12) << t;
    EXPECT_NEAR(PValue(t, 1e8), std::erfc(t / std::sqrt(2)), 1e-6) << t;
    EXPECT_EQ(PValue(t, 5), PValue(-t, 5));
  }
  // As tables have it.
  EXPECT_NEAR(PValue(2.570582, 5), 0.05, 1e-7);
  EXPECT_NEAR(PValue(4.140454, 14), 0.001, 1e-9);
  // Degrees of freedom between whole numbers.
  EXPECT_LT(PValue(3, 7), PValue(3, 6.5));
  EXPECT_LT(PValue(3, 6.5), PValue(3, 6));
  EXPECT_GT(PValue(1000, 14), 0);
  EXPECT_LT(PValue(1000, 14), 1e-33);
}

TEST(StudentTest, TheDistanceIsWhereThePValueIs) {
  for (const double p : {0.05, 1e-4, 1e-9}) {
    for (const double degrees : {1.0, 2.5, 14.0, 200.0}) {
      EXPECT_NEAR(PValue(StudentDistance(p, degrees), degrees) / p, 1, 1e-6) << p << " " << degrees;
    }
  }
}

TEST(StudentTest, MeansAreOfLogarithms) {
  const MeanEstimate one = EstimateMean(std::vector<double>{1, std::exp(1.0), std::exp(2.0)});
  EXPECT_NEAR(one.mean, 1, 1e-15);
  EXPECT_NEAR(one.standard_error, std::sqrt(1.0 / 3), 1e-15);
  EXPECT_EQ(one.degrees, 2);
  // Of two groups: variances of 1 / 3 and of 0, so that only the first counts.
  const std::vector<double> first = {1, std::exp(1.0), std::exp(2.0)};
  const MeanEstimate two = EstimateMean(first, std::vector<double>(5, std::exp(3.0)));
  EXPECT_NEAR(two.mean, 2, 1e-14);
  EXPECT_NEAR(two.standard_error, std::sqrt(1.0 / 3), 1e-14);
  EXPECT_NEAR(two.degrees, 2, 1e-12);
  EXPECT_NEAR(EstimateMean(first, first).degrees, 4, 1e-12);
}

TEST(StudentTest, WithoutASpreadThereIsNoChance) {
  const std::vector<double> same(7, 100.0);
  EXPECT_EQ(StudentPValue(EstimateMean(same, std::vector<double>(9, 100.0))), 1);
  EXPECT_LT(StudentPValue(EstimateMean(same, std::vector<double>(9, 101.0))), 1e-30);
  EXPECT_EQ(StudentPValue(EstimateMean(std::vector<double>{2})), 1) << "one number has none that is known";
  EXPECT_EQ(StudentPValue(EstimateMean(std::vector<double>{2}, same)), 1);
}

// What two groups of eight processes each, or eight ratios, say of nothing, 6,000 times: the share of p values up to
// `p`, of the better of two tests and doubled, as the gate has it.
struct Shares {
  double apart;
  double paired;
};
Shares FalseAlarms(const std::function<double(std::mt19937_64&)>& logarithm, double p) {
  constexpr int kTrials = 6000;
  constexpr size_t kProcesses = 8;
  std::mt19937_64 random(1);
  int apart = 0;
  int paired = 0;
  std::vector<double> first(kProcesses);
  std::vector<double> second(kProcesses);
  std::vector<double> ratios(kProcesses);
  for (int trial = 0; trial < kTrials; ++trial) {
    for (size_t i = 0; i < kProcesses; ++i) {
      first[i] = std::exp(logarithm(random));
      second[i] = std::exp(logarithm(random));
      ratios[i] = second[i] / first[i];
    }
    apart += 2 * std::min(RankSumPValue(first, second), StudentPValue(EstimateMean(first, second))) <= p ? 1 : 0;
    paired += 2 * std::min(SignedRankPValue(ratios), StudentPValue(EstimateMean(ratios))) <= p ? 1 : 0;
  }
  return {static_cast<double>(apart) / kTrials, static_cast<double>(paired) / kTrials};
}

TEST(StudentTest, FalseAlarmsAreNoMoreThanAreSaid) {
  std::normal_distribution<double> normal(0, 0.02);
  std::student_t_distribution<double> heavy(2);
  std::bernoulli_distribution slow(0.3);
  const std::function<double(std::mt19937_64&)> kinds[] = {
      [&](auto& random) { return normal(random); }, [&](auto& random) { return 0.02 * heavy(random); },
      // Two places in memory, of which one is slower by 15 %.
      [&](auto& random) { return 0.14 * slow(random) + normal(random) / 4; },
      // One process of ten is disturbed.
      [&](auto& random) { return std::abs(normal(random)) + (random() % 10 == 0 ? 1 : 0); }};
  for (size_t i = 0; i < std::size(kinds); ++i) {
    for (const double p : {0.05, 0.005}) {
      const Shares shares = FalseAlarms(kinds[i], p);
      EXPECT_LT(shares.apart, p) << i;
      EXPECT_LT(shares.paired, p) << i;
      RecordProperty(absl::StrCat(i, "_", p), absl::StrCat(shares.apart, " ", shares.paired));
    }
  }
}

}  // namespace
}  // namespace actbench
