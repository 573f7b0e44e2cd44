// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/tally.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

uint64_t Bits(double value, Dtype dtype = Dtype::kF16) {
  uint64_t bits = 0;
  StoreElement(dtype, value, &bits);
  return bits;
}

// At x in f16: `got` where the exact result is `exact`.
Outcome Made(double x, double got, double exact) {
  const ExactResult result{.high = exact, .bits = Bits(exact), .exponent = ExponentIn(exact, Info(Dtype::kF16))};
  return Compare({Bits(x), 0, 0}, 0, Bits(got), result, Dtype::kF16);
}

AccuracyReport ReportOf(const std::vector<Outcome>& outcomes) {
  Tally tally(Dtype::kF16);
  for (const Outcome& outcome : outcomes) tally.Add(outcome, Stage::kF64);
  return tally.Report();
}

InputError ErrorOf(double x, double ulp, size_t output = 0) {
  return {.input_bits = {Bits(x), 0, 0}, .output = output, .ulp = ulp};
}

TEST(TallyTest, OrdinalsAscendAsTheNumbersDo) {
  for (const Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    double previous = kNaN;
    for (uint64_t ordinal = 0; ordinal < 65536; ++ordinal) {
      const uint64_t bits = BitsOfOrdinal(ordinal, dtype);
      EXPECT_EQ(OrdinalOf(bits, dtype), ordinal);
      const double value = LoadElement(dtype, &bits);
      if (std::isnan(value) || std::isnan(previous)) {
        EXPECT_EQ(std::isnan(previous) || std::isinf(previous), true) << ordinal;
      } else {
        EXPECT_TRUE(value > previous || (value == 0 && std::signbit(previous) && !std::signbit(value))) << ordinal;
      }
      previous = value;
    }
  }
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF64}) {
    EXPECT_EQ(OrdinalOf(Bits(0, dtype), dtype), OrdinalOf(Bits(-0.0, dtype), dtype) + 1);
    EXPECT_LT(OrdinalOf(Bits(-kInfinity, dtype), dtype), OrdinalOf(Bits(-1, dtype), dtype));
    EXPECT_EQ(BitsOfOrdinal(OrdinalOf(Bits(-1.5, dtype), dtype), dtype), Bits(-1.5, dtype));
  }
}

TEST(TallyTest, AnOutcomeIsMisroundedIfItsBitsDifferUnlessBothAreNaN) {
  EXPECT_FALSE(Made(1, 1, 1).misrounded);
  EXPECT_TRUE(Made(1, 0, -0.0).misrounded);
  EXPECT_EQ(Made(1, 0, -0.0).error.ulp, 0);
  const Outcome off = Made(1, 1 + 0x1p-10, 1);
  EXPECT_TRUE(off.misrounded);
  EXPECT_EQ(off.error.ulp, 1);
  EXPECT_EQ(off.error.got_bits, 0x3c01u);
  EXPECT_EQ(off.error.expected_bits, 0x3c00u);
  const ExactResult nan = {.high = kNaN, .bits = 0x7e00};
  EXPECT_FALSE(Compare({}, 0, 0xfe01, nan, Dtype::kF16).misrounded);
  EXPECT_TRUE(Compare({}, 0, 0x3c00, nan, Dtype::kF16).misrounded);
}

TEST(TallyTest, AddsUpErrorsAndTheirKinds) {
  const AccuracyReport report =
      ReportOf({Made(1, 1, 1), Made(1, 1 + 0x1p-9, 1), Made(2, kNaN, 1), Made(2, kInfinity, 1), Made(3, -kInfinity, 1),
                Made(4, 0, 1), Made(4, -1, 1), Made(0, -0.0, 0)});
  EXPECT_EQ(report.checked, 8u);
  EXPECT_EQ(report.finite, 5u);
  EXPECT_EQ(report.max_ulp, kInfinity);
  EXPECT_EQ(report.sum_ulp, 2 + 1024 + 2048);
  EXPECT_EQ(report.misrounded, 7u);
  EXPECT_EQ(report.wrong_nan, 1u);
  EXPECT_EQ(report.wrong_inf, 2u);
  EXPECT_EQ(report.spurious_zero, 1u);
  EXPECT_EQ(report.wrong_sign, 3u);
  EXPECT_EQ(report.decided_by_f64, 8u);
}

TEST(TallyTest, AMisroundedResultIsWrongByMoreThanHalfAnUlp) {
  const double above_tie = 1 + 0x1p-11;  // as an f64 that stands for a number just below the tie
  EXPECT_EQ(Made(1, 1, above_tie).error.ulp, 0.5);
  EXPECT_GT(Made(1, 1 + 0x1p-10, above_tie).error.ulp, 0.5);
  EXPECT_EQ(Made(1, -0.0, 0).error.ulp, 0);
}

TEST(TallyTest, BinadesAscendAndHaveNoInfinitiesNorNaN) {
  const AccuracyReport report =
      ReportOf({Made(3, 2, 2), Made(2, 2 + 0x1p-9, 2), Made(-1, 1, 1), Made(0, 0, 0), Made(0x1p-24, 0, 0),
                Made(-0.0, 0, 0), Made(kInfinity, 1, 1), Made(kNaN, kNaN, kNaN)});
  ASSERT_EQ(report.binades.size(), 4u);
  EXPECT_TRUE(report.binades[0].negative);
  EXPECT_EQ(report.binades[0].exponent, 0);
  EXPECT_TRUE(report.binades[1].negative);
  EXPECT_EQ(report.binades[1].exponent, -15);
  EXPECT_FALSE(report.binades[2].negative);
  EXPECT_EQ(report.binades[2].exponent, -15);
  EXPECT_EQ(report.binades[2].checked, 2u);
  EXPECT_EQ(report.binades[3].exponent, 1);
  EXPECT_EQ(report.binades[3].checked, 2u);
  EXPECT_EQ(report.binades[3].max_ulp, 1);
  EXPECT_EQ(report.binades[3].MeanUlp(), 0.5);
}

TEST(TallyTest, PartsMergedAreTheWhole) {
  CompareResult block;
  block.max_ulp = 0.75;
  block.sum_ulp = 40;
  block.misrounded = 3;
  Tally first(Dtype::kF16);
  first.AddBlock(Bits(1.5), 100, block);
  first.AddFalls(2);
  first.AddHash(5);
  Tally second(Dtype::kF16);
  second.AddRightNaNs(7);
  second.Add(Made(1, 1 + 0x1p-9, 1), Stage::kPair);
  second.Add(Made(4, 0, 1), Stage::kMpfr);
  second.AddHash(~uint64_t{0});
  first.Merge(second);
  const AccuracyReport report = first.Report();
  EXPECT_EQ(report.checked, 109u);
  EXPECT_EQ(report.finite, 109u);
  EXPECT_EQ(report.max_ulp, 1024);
  EXPECT_EQ(report.sum_ulp, 40 + 2 + 1024);
  EXPECT_EQ(report.misrounded, 5u);
  EXPECT_EQ(report.falls, 2u);
  EXPECT_EQ(report.output_hash, 4u);
  EXPECT_EQ(report.decided_by_f64, 107u);
  EXPECT_EQ(report.decided_by_pair, 1u);
  EXPECT_EQ(report.decided_by_mpfr, 1u);
  ASSERT_EQ(report.binades.size(), 2u);
  EXPECT_EQ(report.binades[0].checked, 101u);
  EXPECT_EQ(report.binades[0].max_ulp, 2);
}

TEST(WorstListTest, KeepsTheLargestErrorsAndOfEqualOnesThoseOfTheLeastInputs) {
  WorstList list(Dtype::kF16);
  for (int x = 15; x >= -4; --x) list.Add(ErrorOf(x, x == 7 ? 2 : 1));
  const std::vector<InputError>& errors = list.errors();
  ASSERT_EQ(errors.size(), AccuracyReport::kWorst);
  EXPECT_EQ(errors[0].input_bits[0], Bits(7));
  for (size_t i = 1; i < errors.size(); ++i) {
    EXPECT_EQ(errors[i].input_bits[0], Bits(static_cast<double>(i) - 5)) << i;
  }
}

TEST(WorstListTest, LeavesOutWhatIsBelowItsLeastError) {
  WorstList list(Dtype::kF16);
  list.Add(ErrorOf(1, WorstList::kLeast / 2));
  EXPECT_TRUE(list.errors().empty());
  list.Add(ErrorOf(1, WorstList::kLeast));
  EXPECT_FALSE(list.errors().empty());
}

TEST(WorstListTest, TheOrderOfAddingAndMergingDoesNotMatter) {
  WorstList forwards(Dtype::kF16);
  WorstList backwards(Dtype::kF16);
  WorstList half(Dtype::kF16);
  for (int i = 0; i < 40; ++i) (i < 20 ? forwards : half).Add(ErrorOf(i % 13, i % 5, i % 2));
  for (int i = 39; i >= 0; --i) backwards.Add(ErrorOf(i % 13, i % 5, i % 2));
  forwards.Merge(half);
  const std::vector<InputError>& a = forwards.errors();
  const std::vector<InputError>& b = backwards.errors();
  ASSERT_EQ(a.size(), AccuracyReport::kWorst);
  ASSERT_EQ(b.size(), AccuracyReport::kWorst);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].ulp, b[i].ulp);
    EXPECT_EQ(a[i].input_bits, b[i].input_bits);
    EXPECT_EQ(a[i].output, b[i].output);
  }
}

TEST(LargestEstimatesTest, TheThresholdIsTheLeastOfTheLargest) {
  LargestEstimates first;
  EXPECT_EQ(first.Threshold(0), WorstList::kLeast);
  for (uint64_t place = 10; place < 19; ++place) first.Add(3, place);
  EXPECT_EQ(first.Threshold(100), WorstList::kLeast);
  first.Add(2, 20);
  EXPECT_EQ(first.Threshold(100), 2);
  first.Add(2, 30);
  first.Add(1, 1);
  EXPECT_EQ(first.Threshold(100), 2);
  EXPECT_FALSE(first.Contains(30));
  LargestEstimates second;
  second.Add(4, 40);
  first.Merge(second);
  first.Merge(second);
  EXPECT_EQ(first.Threshold(100), 3);
  EXPECT_TRUE(first.Contains(40));
  EXPECT_FALSE(first.Contains(20));
}

TEST(LargestEstimatesTest, OfEqualOnesTheLeastPlacesCount) {
  LargestEstimates estimates;
  for (uint64_t place = 10; place < 20; ++place) estimates.Add(1, place);
  EXPECT_EQ(estimates.Threshold(20), 1);
  EXPECT_LT(estimates.Threshold(5), 1);
  estimates.Add(1, 5);
  EXPECT_TRUE(estimates.Contains(5));
  EXPECT_FALSE(estimates.Contains(19));
}

}  // namespace
}  // namespace actbench
