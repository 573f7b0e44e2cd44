// SPDX-License-Identifier: Apache-2.0
// Every kernel of ours on this machine against the definitions, and the promises of kernels/activations.inc. That bits
// do not depend on where elements lie is in kernel_bits_test.cc, the peers' kernels are in peers_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/accuracy/claim.h"
#include "tests/our_kernels.h"
#include "tests/samples.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<const Kernel*> GradientKernels() {
  std::vector<const Kernel*> kernels = OurKernels();
  std::erase_if(kernels, [](const Kernel* kernel) { return kernel->direction != Direction::kGradient; });
  return kernels;
}

class GradientKernelsTest : public KernelsTest {};

// Points on both sides of each place where a derivative changes its sign along some input: there it cancels most,
// unless it jumps.
std::vector<Point> NeighboursOfZerosOfTheDerivative(const TestedKernel& kernel, int count) {
  const ActivationInfo& activation = kernel.activation();
  constexpr double kStep = 0.03;  // no sum of steps meets a kink
  std::vector<Point> points;
  for (size_t by = 0; by < activation.inputs; ++by) {
    for (size_t along = 0; along < activation.inputs; ++along) {
      Point point(activation.inputs, 0.75);
      const auto derivative = [&](double value) {
        point[along] = value;
        return kernel.Derivative(point, by);
      };
      for (double from = activation.domain_min; from < activation.domain_max; from += kStep) {
        double low = from;
        double high = from + kStep;
        if (!(derivative(low) * derivative(high) < 0)) continue;
        for (int i = 0; i < 60; ++i) {
          const double middle = low + (high - low) / 2;
          (derivative(low) * derivative(middle) < 0 ? high : low) = middle;
        }
        for (int i = -count; i <= count; ++i) {
          point[along] = Step(kernel.dtype(), Rounded(kernel.dtype(), low), i);
          points.push_back(point);
        }
      }
    }
  }
  return points;
}

// Whether output k, a partial derivative, changes its sign along some input within 1 of the point.
bool CancelsNear(const TestedKernel& kernel, Point point, size_t k) {
  const double here = kernel.Derivative(point, k);
  for (size_t i = 0; i < kernel.activation().inputs; ++i) {
    for (double shift : {-1.0, 1.0}) {
      Point other = point;
      other[i] += shift;
      if (kernel.Derivative(other, k) * here < 0) return true;
    }
  }
  return false;
}

// In f64 what cancels in gated units leaves an error below 2.5e-16 (1.8e-16 measured: gelu_erf'), times the other
// input, of which the partial derivative may be a multiple.
bool IsWithinTheErrorOfCancelling(const TestedKernel& kernel, const Point& point, size_t k, double got,
                                  const BigFloat& exact) {
  const bool may_cancel = kernel.gradient() && kernel.dtype() == Dtype::kF64 && kernel.activation().inputs > 1;
  if (!may_cancel || !CancelsNear(kernel, point, k)) return false;
  double size = 1;
  for (size_t i = 0; i < kernel.activation().inputs; ++i) {
    if (i != k) size *= std::max(1.0, std::fabs(point[i]));
  }
  return abs(BigFloat(got) - exact) < BigFloat(2.5e-16 * size);
}

// The error of every output for dy = 1.
void ExpectErrorsBelow(double limit, const TestedKernel& kernel, const std::vector<Point>& points) {
  ForEachError(kernel, WithUpstream(kernel, points, 1), [&](size_t k, size_t i, double ulp, double got) {
    if (ulp <= limit || testing::Test::HasFailure()) return;
    EXPECT_TRUE(IsWithinTheErrorOfCancelling(kernel, points[i], k, got, kernel.ExactOutput(points[i], k)))
        << ulp << " ulp in output " << k << " at " << testing::PrintToString(points[i]) << ", got " << got;
  });
}

// What the kernel claims; of f32 what is computed in wider lanes and rounded once, as 16 bits claim it.
double LimitOf(const Kernel& kernel, const ClaimScope& scope = {}) {
  const double claimed = ClaimOf(kernel, scope)->max_ulp;
  return kernel.dtype == Dtype::kF32 && HasWideLanes(kernel) ? std::min(claimed, 0.51) : claimed;
}

TEST_P(KernelsTest, IsRightEverywhere) {
  ExpectErrorsBelow(LimitOf(*GetParam()), kernel(), SamplePoints(dtype() == Dtype::kF64 ? 200 : 4000));
}

// There f64 lanes lose digits, which f32 sees in the fast tier: within 0.9 ulp.
TEST_P(GradientKernelsTest, IsRightBesideTheZerosOfTheDerivative) {
  const bool loses = dtype() == Dtype::kF32 && GetParam()->tier == "fast" && HasWideLanes(*GetParam());
  ExpectErrorsBelow(loses ? 0.9 : LimitOf(*GetParam()), kernel(),
                    NeighboursOfZerosOfTheDerivative(kernel(), bytes() == 4 ? 500 : 20));
}

// Where exponentials underflow, and around 0. In f64 gelu_erf too within 4 ulp.
TEST_P(KernelsTest, IsRightWhereResultsAreSubnormal) {
  const double least_normal = std::ldexp(1.0, Info(dtype()).min_exponent);
  std::vector<double> magnitudes;
  for (int i = 0; i <= 5120; ++i) magnitudes.push_back(std::exp2(i / 512.0));
  for (int i = -60; i < 4; ++i) magnitudes.push_back(1.37 * std::ldexp(least_normal, i));
  std::vector<double> values;
  for (double magnitude : magnitudes) {
    values.push_back(Rounded(dtype(), magnitude));
    values.push_back(-Rounded(dtype(), magnitude));
  }
  const std::vector<Point> points = Points(dtype(), activation(), values);
  const Buffers outputs = kernel().Run(Pack(dtype(), WithUpstream(kernel(), points, 1)));
  std::vector<Point> subnormal;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool any = std::any_of(outputs.begin(), outputs.end(), [&](const std::vector<char>& output) {
      const double got = std::fabs(LoadElement(dtype(), output.data() + i * bytes()));
      return got != 0 && got < least_normal;
    });
    if (any) subnormal.push_back(points[i]);
  }
  ExpectErrorsBelow(std::min(LimitOf(*GetParam()), 4.0), kernel(), subnormal);
}

// Of gated units, whose other factor may be nothing by itself: exp(-54^2 / 2) and exp(-1500) times the largest number
// are still numbers.
TEST_P(KernelsTest, IsRightWhereALargeInputMeetsASmallFactor) {
  if (activation().inputs != 2) return;
  std::vector<Point> points;
  for (int exponent : {Info(dtype()).max_exponent, Info(dtype()).max_exponent / 2}) {
    const double x = std::ldexp(1.25, exponent);
    for (double gate = 1; gate < 2000; gate *= 1.03) points.push_back({x, Rounded(dtype(), -gate)});
  }
  ExpectErrorsBelow(LimitOf(*GetParam()), kernel(), points);
}

// Where results begin to overflow, of activations that are x, or selu's scale or 3 / 2 times x there.
TEST_P(KernelsTest, IsRightBesideOverflow) {
  const double last_place = std::ldexp(1.0, 1 - Info(dtype()).precision);
  std::vector<double> values;
  for (double slope : {1.0, 1.0507009873554805, 1.5}) {
    const double end = std::ldexp((2 - last_place) / slope, Info(dtype()).max_exponent);
    for (int i = -20; i <= 20; ++i) values.push_back(Rounded(dtype(), end - end * i * last_place / 2));
  }
  ExpectErrorsBelow(LimitOf(*GetParam()), kernel(), Points(dtype(), activation(), values));
}

// The decimal text of the anchors, without the definitions.
TEST_P(KernelsTest, MeetsItsAnchors) {
  for (const Anchor& anchor : activation().Anchors()) {
    if (Rounded(dtype(), anchor.x) != anchor.x) continue;
    const double got = kernel().RunOne(WithUpstream(kernel(), {{anchor.x}}, 1)[0])[0];
    const BigFloat exact = BigFloat::FromDecimal(kernel().gradient() ? anchor.derivative : anchor.value);
    const double ulp = UlpError(got, ToExactResult(exact, Info(dtype())), Info(dtype()));
    EXPECT_LE(ulp, LimitOf(*GetParam())) << "at x = " << anchor.x << ", got " << got;
  }
}

TEST_P(GradientKernelsTest, MultipliesTheUpstreamGradient) {
  const std::vector<Point> points =
      Points(dtype(), activation(),
             {-1000, -13, -3, -1, 0, 0.5, 3, 6, 1000, dtype() == Dtype::kF64 ? 1001 : 2e38, kInfinity, -kInfinity});
  const double limit = LimitOf(*GetParam(), {.unit_upstream = false});
  for (double dy : {-2.5, 0.0, -0.0, 1e-3, 30000.0, kInfinity, -kInfinity, std::nan("")}) {
    ForEachError(kernel(), WithUpstream(kernel(), points, dy), [&](size_t k, size_t i, double ulp, double got) {
      EXPECT_LE(ulp, limit) << "output " << k << " at " << testing::PrintToString(points[i]) << ", dy = " << dy
                            << ", got " << got;
    });
  }
}

// Whatever the others are.
TEST_P(KernelsTest, NaNInAnyInputGivesNaNOut) {
  for (size_t i = 0; i < kernel().input_count(); ++i) {
    for (double other : {0.0, 1.0, -1.0, kInfinity, -kInfinity}) {
      Point point(kernel().input_count(), other);
      point[i] = std::nan("");
      for (double got : kernel().RunOne(point)) {
        EXPECT_TRUE(std::isnan(got)) << testing::PrintToString(point) << ", got " << got;
      }
    }
  }
}

// The zero of a partial derivative may have either sign: with two inputs its sides differ.
void ExpectZerosSigned(const TestedKernel& kernel, const std::vector<Point>& points) {
  for (const Point& point : points) {
    const std::vector<double> got = kernel.RunOne(WithUpstream(kernel, {point}, 1)[0]);
    for (size_t k = 0; k < got.size(); ++k) {
      if (got[k] != 0) continue;
      const BigFloat exact = kernel.ExactOutput(point, k);
      if (got.size() > 1 && exact == BigFloat(0)) continue;
      EXPECT_EQ(std::signbit(got[k]), signbit(exact)) << "output " << k << " at " << testing::PrintToString(point);
    }
  }
}

// A zero result has the sign of the exact value or limit, and +0 where f is identically 0, as the definition has it.
TEST_P(KernelsTest, ZeroResultsHaveTheSignOfTheirSide) {
  std::vector<double> values = SpecialValues(dtype());
  values.insert(values.end(), {-60000, -200, -3, 200});
  std::erase_if(values, [](double value) { return std::isnan(value); });
  ExpectZerosSigned(kernel(), Points(dtype(), activation(), values));
}

INSTANTIATE_TEST_SUITE_P(Catalog, KernelsTest, testing::ValuesIn(OurKernels()), TestName);
INSTANTIATE_TEST_SUITE_P(Catalog, GradientKernelsTest, testing::ValuesIn(GradientKernels()), TestName);

TEST(ZerosTest, TheSearchFindsThoseOfTheDerivative) {
  const auto found = [](const char* activation) {
    const auto kernel = Catalog::Default().FindKernel(activation, Direction::kGradient, Dtype::kF64, {});
    return NeighboursOfZerosOfTheDerivative(TestedKernel(**kernel), 1);
  };
  for (const auto& [activation, zero] : {std::pair("silu", -1.2784645427610738), {"gelu_erf", -0.75179152469356447}}) {
    ASSERT_EQ(found(activation).size(), 3u) << activation;
    for (const Point& point : found(activation)) EXPECT_NEAR(point[0], zero, 1e-15) << activation;
  }
  EXPECT_TRUE(found("tanh").empty());
}

// Parameters away from their defaults, for every activation that has any.
TEST(ParameterTest, KernelsAreRightForOtherParameters) {
  const double largest = std::numeric_limits<double>::max();
  const std::vector<double> inputs = {-kInfinity, -1000, -125, -115, -90, -40, -7.3,  -1.25, -0.3,     -1e-5,
                                      -0.0,       1e-7,  0.5,  1.7,  3,   20,  40000, 3e38,  kInfinity};
  for (const Kernel* ours : OurKernels()) {
    const Kernel& kernel = *ours;
    for (const Parameter& parameter : (*Catalog::FindActivation(kernel.activation))->Parameters()) {
      for (double value : {0.0, -0.0, -1.5, 0.1, 1.9, 10.0, -20.0, 9000.0, 3e12, 5e-324, 1e-307, -1e-307, 1e-300, 1e300,
                           -1e300, largest, -largest}) {
        const std::map<std::string, double> given = {{std::string(parameter.name), value}};
        if (!ResolveParameters(**Catalog::FindActivation(kernel.activation), given).ok()) continue;
        const TestedKernel tested(kernel, given);
        std::vector<Point> points = Points(kernel.dtype, tested.activation(), inputs);
        // An f' that overflows, as selu's with its largest parameters does in f64, has no product with dy.
        std::erase_if(points, [&](const Point& point) {
          return tested.gradient() && std::isfinite(point[0]) && std::isinf(tested.Derivative(point, 0));
        });
        for (double dy : {1.0, -2.5, 1e-3, kInfinity}) {
          const double limit = LimitOf(kernel, {.default_parameters = false, .unit_upstream = dy == 1});
          EXPECT_LE(WorstError(tested, WithUpstream(tested, points, dy)), limit)
              << kernel.Name() << " " << parameter.name << " = " << value << ", dy = " << dy;
        }
      }
    }
  }
}

// Zeros, of parameters whose product is 1 or that are 0 in f32 alone.
TEST(ParameterTest, ZeroResultsHaveTheSignOfTheirSide) {
  using Given = std::map<std::string, double>;
  const std::vector<std::pair<const char*, Given>> cases = {
      {"selu", {{"alpha", 0.5}, {"scale", 2}}},
      {"selu", {{"alpha", 1}, {"scale", 1}}},
      {"selu", {{"alpha", -1}, {"scale", -1}}},
      {"selu", {{"alpha", -1}, {"scale", 1}}},
      {"elu", {{"alpha", -1}}},
      {"elu", {{"alpha", 0}}},
      {"elu", {{"alpha", 3}}},
      {"celu", {{"alpha", -1}}},
      {"hard_tanh", {{"min_val", 0}}},
      {"hard_tanh", {{"min_val", 1e-50}}},
      {"hard_tanh", {{"min_val", -1e-50}}},
      {"hard_tanh", {{"max_val", 0}}},
      {"hard_tanh", {{"max_val", 1e-50}}},
      {"hard_tanh", {{"max_val", -1e-50}}},
      {"leaky_relu", {{"negative_slope", 0}}},
      {"leaky_relu", {{"negative_slope", -1}}},
  };
  for (const auto& [activation, given] : cases) {
    for (const Kernel* kernel : OurKernels()) {
      if (kernel->activation != activation || kernel->direction != Direction::kForward) continue;
      SCOPED_TRACE(kernel->Name() + " " + testing::PrintToString(given));
      ExpectZerosSigned(TestedKernel(*kernel, given), {{0.0}, {-0.0}, {-1.0}, {1.0}});
    }
  }
}

// The floats beside the zero of its derivative, whose distance from it needs more digits than two floats have.
TEST(ParameterTest, SwishIsRightBesideTheZeroOfItsDerivative) {
  std::mt19937_64 random(1);
  for (const Kernel* kernel : OurKernels()) {
    if (kernel->activation != "swish" || kernel->direction != Direction::kGradient || kernel->dtype != Dtype::kF32)
      continue;
    for (int i = 0; i < 300; ++i) {
      // Of the first, x is within 2^-48 of the zero; most of the last hundred are computed in f64 lanes.
      const double range = i < 200 ? 3 : 60;
      double beta = std::exp(std::uniform_real_distribution(-range, range)(random));
      if (i == 0) beta = 0.50815792755890954;
      if (i == 299) beta = 884224.9967083591;
      const TestedKernel tested(*kernel, {{"beta", beta}});
      std::vector<Point> points;
      const double zero = Rounded(Dtype::kF32, -1.2784645427610738 / beta);
      for (int step = -3; step <= 3; ++step) points.push_back({Step(Dtype::kF32, zero, step)});
      EXPECT_LE(WorstError(tested, WithUpstream(tested, points, 1)), LimitOf(*kernel, {.default_parameters = false}))
          << kernel->Name() << ", beta = " << beta;
    }
  }
}

}  // namespace
}  // namespace actbench
