// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/catalog.h"
#include "tests/samples.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

const ActivationInfo& Find(std::string_view name) { return **Catalog::FindActivation(name); }

// The error of `got` as f(x).
double ForwardError(std::string_view name, Dtype dtype, double x, double got) {
  const ErrorMeter meter(Find(name), Direction::kForward, dtype, {});
  const std::vector<char> in = Pack(dtype, {x});
  const std::vector<char> out = Pack(dtype, {got});
  return meter.Measure({in.data()}, out.data(), 0, 1).max_ulp;
}
// A definition whose exact results are plain.
double ReluError(Dtype dtype, double x, double got) { return ForwardError("relu", dtype, x, got); }

double GradientError(std::string_view name, Dtype dtype, double x, double dy, double got) {
  const ErrorMeter meter(Find(name), Direction::kGradient, dtype, {});
  const std::vector<char> in = Pack(dtype, {x});
  const std::vector<char> upstream = Pack(dtype, {dy});
  const std::vector<char> out = Pack(dtype, {got});
  return meter.Measure({in.data(), upstream.data()}, out.data(), 0, 1).max_ulp;
}

TEST(ErrorTest, CountsInUlpOfTheExactResult) {
  EXPECT_EQ(ReluError(Dtype::kF32, 1, 1), 0);
  EXPECT_EQ(ReluError(Dtype::kF32, 1, 1 + 0x1p-23), 1);
  EXPECT_EQ(ReluError(Dtype::kF32, 1, 1 - 0x1p-24), 0.5);  // the step below 1 is half of that above
  EXPECT_EQ(ReluError(Dtype::kF64, 1, 1 + 0x1p-50), 4);
  EXPECT_EQ(ReluError(Dtype::kF16, 2, 2.001953125), 1);
  EXPECT_EQ(ReluError(Dtype::kBF16, 2, 2.03125), 2);
  EXPECT_EQ(ReluError(Dtype::kF32, 3, 0), 3 / 0x1p-22);
}

TEST(ErrorTest, SubnormalResultsCountInTheLeastSubnormal) {
  EXPECT_EQ(ReluError(Dtype::kF32, 0x1p-149, 0), 1);
  EXPECT_EQ(ReluError(Dtype::kF32, -1, 0x1p-149), 1);  // ulp(0) is the least subnormal
  EXPECT_EQ(ReluError(Dtype::kF64, 0x1p-1074, 0x1.8p-1073), 2);
  EXPECT_EQ(ReluError(Dtype::kF16, 0x1p-24, 0x1p-23), 1);
}

// However near the result is to a power of two, its ulp is that of its own side.
TEST(ErrorTest, TheUlpAtAPowerOfTwoIsThatOfTheSide) {
  const double below = 1 - 0x1p-24;
  for (double x : {19.0, 50.0, 5000.0, 1e38}) {
    EXPECT_NEAR(ForwardError("tanh", Dtype::kF32, x, below), 1, 1e-6) << x;
    EXPECT_NEAR(ForwardError("tanh", Dtype::kF32, -x, -below), 1, 1e-6) << x;
    EXPECT_NEAR(ForwardError("tanh", Dtype::kF32, x, 1), 0, 1e-6) << x;
    EXPECT_NEAR(ForwardError("sigmoid", Dtype::kF32, 2 * x, below), 1, 1e-6) << x;
    EXPECT_NEAR(ForwardError("tanh", Dtype::kF64, 2 * x, 1 - 0x1p-53), 1, 1e-6) << x;
    // These come down to 1 from above.
    EXPECT_NEAR(GradientError("silu", Dtype::kF32, 2 * x, 1, below), 0.5, 1e-6) << x;
    EXPECT_NEAR(GradientError("gelu_erf", Dtype::kF32, x, -4, -4 * below), 0.5, 1e-6) << x;
    EXPECT_NEAR(GradientError("gelu_tanh", Dtype::kF64, x, 1, 1 - 0x1p-53), 0.5, 1e-6) << x;
  }
  EXPECT_NEAR(ForwardError("tanh", Dtype::kF32, kInfinity, below), 0.5, 1e-6);  // there it is 1 itself
}

TEST(ErrorTest, ErrorsOfSubnormalF64ResultsAreNoWholeNumbers) {
  for (double x : {-730.0, -744.5, -748.25, -760.0}) {
    const BigFloat::PrecisionScope precision(200);
    const BigFloat exact = BigFloat(x) / (BigFloat(1) + exp(BigFloat(-x)));
    const double got = std::nextafter(exact.ToDouble(), -1.0);
    const double expected = scalbln(abs(BigFloat(got) - exact), 1074).ToDouble();
    EXPECT_NEAR(ForwardError("silu", Dtype::kF64, x, got), expected, 1e-9) << x;
  }
}

TEST(ErrorTest, AFiniteResultHasAFiniteError) {
  EXPECT_GT(ReluError(Dtype::kF64, 1e-308, 1e308), 1e300);
  EXPECT_LT(ReluError(Dtype::kF64, 1e-308, 1e308), kInfinity);
  EXPECT_LT(ForwardError("silu", Dtype::kF64, -740, -1e308), kInfinity);
}

TEST(ErrorTest, InfinitiesAndNaN) {
  EXPECT_EQ(ReluError(Dtype::kF32, kInfinity, kInfinity), 0);
  EXPECT_EQ(ReluError(Dtype::kF32, kInfinity, 3e38), kInfinity);
  EXPECT_EQ(ReluError(Dtype::kF32, 3e38, kInfinity), kInfinity);
  EXPECT_EQ(ReluError(Dtype::kF32, kInfinity, -kInfinity), kInfinity);
  EXPECT_EQ(ReluError(Dtype::kF64, 1, kNaN), kInfinity);
  EXPECT_EQ(ReluError(Dtype::kF64, kNaN, kNaN), 0);
  EXPECT_EQ(ReluError(Dtype::kF64, kNaN, 0), kInfinity);
}

TEST(ErrorTest, OverflowOfTheGradientIsRightWhereTheExactProductRoundsToInfinity) {
  const double largest = 0x1.fffffep127;
  EXPECT_EQ(GradientError("hard_swish_as_printed", Dtype::kF32, 6, largest, kInfinity), 0);  // f'(6) = 2.5
  EXPECT_EQ(GradientError("relu", Dtype::kF32, 6, largest, kInfinity), kInfinity);
}

TEST(ErrorTest, InfiniteUpstreamIsMultipliedWithTheExactDerivative) {
  EXPECT_EQ(GradientError("relu", Dtype::kF32, -1, kInfinity, kNaN), 0);
  EXPECT_EQ(GradientError("relu", Dtype::kF32, -1, kInfinity, 0), kInfinity);
  EXPECT_EQ(GradientError("sigmoid", Dtype::kF64, -1000, kInfinity, kInfinity), 0);  // underflow is not 0
  EXPECT_EQ(GradientError("sigmoid", Dtype::kF64, -1000, kInfinity, kNaN), kInfinity);
  EXPECT_EQ(GradientError("silu", Dtype::kF64, -1000, kInfinity, -kInfinity), 0);
  EXPECT_EQ(GradientError("sigmoid", Dtype::kF64, -kInfinity, kInfinity, kNaN), 0);  // the limit is 0
}

TEST(ErrorTest, WithoutADefinitionEveryResultIsWrong) {
  for (Dtype dtype : {Dtype::kF64, Dtype::kF32}) {
    const ErrorMeter meter({.name = "nothing", .summary = {}, .source = {}}, Direction::kForward, dtype, {});
    const std::vector<char> one = Pack(dtype, {1});
    EXPECT_EQ(meter.Measure({one.data()}, one.data(), 0, 1).max_ulp, kInfinity);
    const ErrorMeter gradient({.name = "nothing", .summary = {}, .source = {}}, Direction::kGradient, dtype, {});
    for (double dy : {1.0, kInfinity}) {
      const std::vector<char> upstream = Pack(dtype, {dy});
      EXPECT_EQ(gradient.Measure({one.data(), upstream.data()}, upstream.data(), 0, 1).max_ulp, kInfinity) << dy;
    }
  }
}

TEST(ErrorTest, ReportsTheWorstInputWithItsBitsAndPlace) {
  const ErrorMeter meter(Find("relu"), Direction::kForward, Dtype::kF32, {});
  const std::vector<float> in = {1, 2, 3, 4};
  const std::vector<float> out = {1, 2, 3.0000007f, 4.0000005f};
  const ErrorReport report = meter.Measure({in.data()}, out.data(), 0, 4);
  EXPECT_EQ(report.checked, 4u);
  EXPECT_EQ(report.max_ulp, 3);
  EXPECT_EQ(report.MeanUlp(), 1);
  EXPECT_EQ(report.worst_input, 3);
  EXPECT_EQ(report.worst_bits, 0x40400000u);
  EXPECT_EQ(report.worst_index, 2u);
}

TEST(ErrorTest, MergedPartsEqualTheWhole) {
  const ErrorMeter meter(Find("relu"), Direction::kForward, Dtype::kF32, {});
  const std::vector<float> in = {1, 2, 3, 4};
  const std::vector<float> out = {1, 2, 3.0000007f, 4.0000005f};
  const auto part = [&](size_t begin, size_t end) { return meter.Measure({in.data()}, out.data(), begin, end); };
  for (size_t split = 0; split <= in.size(); ++split) {
    const ErrorReport merged = Merge(part(0, split), part(split, in.size()));
    EXPECT_EQ(merged.checked, 4u);
    EXPECT_EQ(merged.max_ulp, 3);
    EXPECT_EQ(merged.MeanUlp(), 1);
    EXPECT_EQ(merged.worst_index, 2u) << split;
  }
}

// relu in f32, added to a tally.
struct ReluTally {
  ReluTally(const std::vector<float>& x, const std::vector<float>& y) {
    Tally tally(Dtype::kF32);
    ErrorMeter(Find("relu"), Direction::kForward, Dtype::kF32, {})
        .AddTo(tally, &errors, {x.data()}, y.data(), 0, x.size());
    report = tally.Report();
  }

  AccuracyReport report;
  std::vector<double> errors;
};

// One element, and whether it counts as each kind of error.
void ExpectKinds(float x, float y, std::array<uint64_t, 4> nan_inf_zero_sign) {
  SCOPED_TRACE(testing::Message() << "relu(" << x << ") = " << y);
  const AccuracyReport report = ReluTally({x}, {y}).report;
  EXPECT_EQ(report.checked, 1u);
  EXPECT_EQ(report.misrounded, 1u);
  EXPECT_EQ((std::array{report.wrong_nan, report.wrong_inf, report.spurious_zero, report.wrong_sign}),
            nan_inf_zero_sign);
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kQuiet = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kLeast = std::numeric_limits<float>::denorm_min();

TEST(ErrorTest, ATallyOfRightResultsHasNoErrors) {
  const std::vector<float> x = {-kInf, -kLargest, -1, -kLeast, -0.0f, 0, kLeast, 1.5, kLargest, kInf, kQuiet};
  std::vector<float> y;
  for (const float value : x) y.push_back(value <= 0 ? 0 : value);
  const ReluTally tally(x, y);
  EXPECT_EQ(tally.report.checked, x.size());
  EXPECT_EQ(tally.report.finite, x.size());
  EXPECT_EQ(tally.report.misrounded, 0u);
  EXPECT_EQ(tally.report.wrong_nan + tally.report.wrong_inf + tally.report.spurious_zero + tally.report.wrong_sign, 0u);
  EXPECT_EQ(tally.report.max_ulp, 0);
  EXPECT_EQ(tally.errors, std::vector<double>(x.size(), 0));
}

TEST(ErrorTest, ATallyHasTheErrorOfEachElement) {
  const float third = 1 / 3.0f;
  const ReluTally tally({1, third, 2, 3, 1}, {1 + 0x1p-23f, third, 2 + 0x1p-21f, kQuiet, 1 - 0x1p-24f});
  EXPECT_EQ(tally.errors, std::vector<double>({1, 0, 2, kInfinity, kLeastMisrounded}));
  EXPECT_EQ(tally.report.max_ulp, kInfinity);
  EXPECT_EQ(tally.report.sum_ulp, 3.5);
  EXPECT_EQ(tally.report.finite, 4u);
  EXPECT_EQ(tally.report.misrounded, 4u);
  EXPECT_EQ(tally.report.wrong_nan, 1u);
  EXPECT_EQ(tally.report.wrong_inf + tally.report.spurious_zero + tally.report.wrong_sign, 0u);
}

TEST(ErrorTest, ATallyTellsKindsOfErrorsApart) {
  ExpectKinds(1, kQuiet, {1, 0, 0, 0});
  ExpectKinds(kInf, kQuiet, {1, 0, 0, 0});
  ExpectKinds(kQuiet, 1, {1, 0, 0, 0});
  ExpectKinds(kQuiet, kInf, {1, 0, 0, 0});
  ExpectKinds(1, kInf, {0, 1, 0, 0});
  ExpectKinds(1, -kInf, {0, 1, 0, 1});
  ExpectKinds(kInf, kLargest, {0, 1, 0, 0});
  ExpectKinds(kInf, -kInf, {0, 1, 0, 1});
  ExpectKinds(kInf, 0, {0, 1, 1, 0});
  ExpectKinds(1, 0, {0, 0, 1, 0});
  ExpectKinds(1, -0.0f, {0, 0, 1, 1});
  ExpectKinds(-1, -0.0f, {0, 0, 0, 1});
  ExpectKinds(kLeast, 0, {0, 0, 1, 0});
  ExpectKinds(1, -1, {0, 0, 0, 1});
  ExpectKinds(kLeast, -kLeast, {0, 0, 0, 1});
  ExpectKinds(kLargest, -kLargest, {0, 0, 0, 1});
  ExpectKinds(1, 1.5, {0, 0, 0, 0});
}

TEST(ErrorTest, TheGradientByTheGateIsAddedWithItsOwnReference) {
  const Definitions product = {.big = [](const double*, const BigBall* inputs, size_t by) -> BigResult {
    return {inputs[0] * inputs[1], inputs[1 - by]};
  }};
  const ErrorMeter meter(product, 2, Direction::kGradient, Dtype::kF32, {});
  const float x = 2;
  const float gate = 3;
  const float dy = 5;
  const float dgate = 10;
  Tally tally(Dtype::kF32);
  meter.AddTo(tally, nullptr, {&x, &gate, &dy}, &dgate, 0, 1, 1);
  EXPECT_EQ(tally.Report().misrounded, 0u);
  meter.AddTo(tally, nullptr, {&x, &gate, &dy}, &dgate, 0, 1, 0);
  EXPECT_EQ(tally.Report().misrounded, 1u);
  EXPECT_EQ(tally.Report().max_ulp, 5 / 0x1p-20);
}

}  // namespace
}  // namespace actbench
