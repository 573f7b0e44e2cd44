// SPDX-License-Identifier: Apache-2.0
// What the kernel mechanism carries beyond the activations there are: a unit with two inputs and parameters, defined
// here, in scalar code and on every Highway target of this machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/accuracy/reference.h"
#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"
#include "kernels/streaming.h"
#include "kernels/subnormals.h"
#include "kernels/vocabulary_scalar.h"
#include "tests/kernel_run.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/mechanism_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACTBENCH_TESTS_MECHANISM_TEST_CC_
#define ACTBENCH_TESTS_MECHANISM_TEST_CC_
namespace actbench {

struct GatedKernels {
  std::string isa;
  Dtype dtype;
  KernelFunctions forward;
  KernelFunctions gradient;
  KernelFunctions cube_gradient;
};

}  // namespace actbench
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::mechanism_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "tests/gated_unit.inc"
// In this order.
#include "kernels/subnormals.inc"
// In this order.
#include "kernels/kernels.inc"
// In this order.
#include "tests/gated_kernels.inc"
}  // namespace actbench::mechanism_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::mechanism_test::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#include "tests/gated_unit.inc"
// In this order.
#include "kernels/kernels.inc"
// In this order.
#include "kernels/accuracy/dual.inc"
// In this order.
#include "kernels/accuracy/definitions.inc"
// In this order.
#include "tests/gated_kernels.inc"
}  // namespace actbench::mechanism_test::scalar_lane

namespace actbench {
namespace {

using mechanism_test::scalar_lane::GatedUnit;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kOffset = 0.5;
constexpr double kSlope = -2;

Definition GatedDefinition() {
  return mechanism_test::scalar_lane::FindDefinition("gated_unit", mechanism_test::scalar_lane::TestList());
}

std::vector<GatedKernels> AllGatedKernels() {
  std::vector<GatedKernels> kernels;
  mechanism_test::scalar_lane::AddKernels("scalar", kernels);
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) mechanism_test::space::AddKernels(isa, kernels);
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return kernels;
}

class GatedUnitTest : public testing::TestWithParam<GatedKernels> {
 protected:
  TestedKernel Make(Direction direction, const KernelFunctions& functions) const {
    return TestedKernel(GatedUnit::kInfo, {GatedDefinition(), nullptr}, direction, GetParam().dtype, functions,
                        {kOffset, kSlope});
  }
  // The largest error in ulp over samples of both inputs.
  double SampledError(const TestedKernel& kernel) const {
    const Dtype dtype = GetParam().dtype;
    const std::vector<double> samples = Samples(dtype, GatedUnit::kInfo, dtype == Dtype::kF64 ? 200 : 2000);
    return WorstError(kernel, WithUpstream(kernel, Points(dtype, GatedUnit::kInfo, samples), -0.75));
  }
  double Limit() const { return GetParam().dtype == Dtype::kF64 ? 4 : 0.51; }

  const TestedKernel forward_ = Make(Direction::kForward, GetParam().forward);
  const TestedKernel gradient_ = Make(Direction::kGradient, GetParam().gradient);
};

TEST_P(GatedUnitTest, ForwardTakesXAndGateAndParameters) {
  EXPECT_EQ(forward_.RunOne({3, 0}), (std::vector<double>{1.75}));
  EXPECT_LE(SampledError(forward_), Limit());
}

TEST_P(GatedUnitTest, GradientGivesDxAndDgate) {
  EXPECT_EQ(gradient_.RunOne({3, 0, 2}), (std::vector<double>{1, -3.5}));
  EXPECT_LE(SampledError(gradient_), Limit());
}

TEST_P(GatedUnitTest, TheErrorOfEachOutputIsItsOwn) {
  const Buffers inputs = Pack(GetParam().dtype, std::vector<Point>{{3, 1, 2}});
  Buffers outputs = gradient_.Run(inputs);
  EXPECT_LE(gradient_.UlpError(inputs, outputs, 0, 0), Limit());
  std::swap(outputs[0], outputs[1]);
  EXPECT_GT(gradient_.UlpError(inputs, outputs, 0, 0), 1e6);
  EXPECT_GT(gradient_.UlpError(inputs, outputs, 1, 0), 1e6);
}

TEST_P(GatedUnitTest, GradientWorksInPlaceOfItsInputs) {
  std::vector<Point> points;
  for (int i = 0; i < 21; ++i) points.push_back({i - 10.0, i * 0.25 - 2, 1 - i * 0.125});
  Buffers buffers = Pack(GetParam().dtype, points);
  const Buffers outputs = gradient_.Run(buffers);
  gradient_.RunInto(Pointers(buffers), {buffers[0].data(), buffers[1].data()}, points.size());
  EXPECT_EQ(buffers[0], outputs[0]);
  EXPECT_EQ(buffers[1], outputs[1]);
}

TEST_P(GatedUnitTest, NaNInEitherInputGivesNaNAndInfiniteGatesGiveLimits) {
  const double nan = std::nan("");
  for (const Point& point : std::vector<Point>{{nan, 1}, {1, nan}, {nan, kInfinity}, {nan, -kInfinity}}) {
    EXPECT_TRUE(std::isnan(forward_.RunOne(point)[0])) << testing::PrintToString(point);
  }
  // The slope is negative.
  EXPECT_EQ(forward_.RunOne({1, kInfinity})[0], 0);
  EXPECT_EQ(forward_.RunOne({-1, kInfinity})[0], 0);
  EXPECT_TRUE(std::signbit(forward_.RunOne({-1, kInfinity})[0]));
  EXPECT_EQ(forward_.RunOne({1, -kInfinity})[0], 1.5);
}

// At gate = 500 both partial derivatives underflow in f64, but only dgate at x = -offset is 0: there 0 * inf is NaN,
// and on both sides an infinity with the sign of the partial derivative.
TEST_P(GatedUnitTest, InfiniteUpstreamIsMultipliedWithTheExactPartialDerivatives) {
  const Dtype dtype = GetParam().dtype;
  for (double gate : {500.0, 0.0, -500.0}) {
    for (double x : {-1.0, Step(dtype, -kOffset, -1), -kOffset, Step(dtype, -kOffset, 1), 0.0, 1.0}) {
      for (double dy : {kInfinity, -kInfinity}) {
        const std::vector<double> got = gradient_.RunOne({x, gate, dy});
        EXPECT_EQ(got[0], dy) << "x = " << x << ", gate = " << gate;
        if (x == -kOffset) {
          EXPECT_TRUE(std::isnan(got[1])) << "gate = " << gate << ", got " << got[1];
        } else {
          EXPECT_EQ(got[1], x > -kOffset ? -dy : dy) << "x = " << x << ", gate = " << gate;
        }
      }
    }
  }
  for (double got : gradient_.RunOne({1, kInfinity, kInfinity})) EXPECT_TRUE(std::isnan(got)) << got;  // limits are 0
}

// The derivative of x^3 is 0 at 0, and at 1e-300 only underflows.
TEST_P(GatedUnitTest, AnIsolatedZeroOfTheDerivativeIsToldFromUnderflow) {
  if (GetParam().dtype != Dtype::kF64) return;  // no 3 x^2 of a float underflows in f64 lanes
  const PreparedKernel cube(GetParam().cube_gradient, nullptr, nullptr);
  const std::vector<double> x = {0, -0.0, 1e-300, -1e-300, 2, 0};
  const std::vector<double> dy = {kInfinity, -kInfinity, kInfinity, -kInfinity, 3, 3};
  std::vector<double> dx(x.size());
  EXPECT_TRUE(cube.Run({x.data(), dy.data()}, {dx.data()}, x.size()).ok());
  EXPECT_TRUE(std::isnan(dx[0]) && std::isnan(dx[1])) << dx[0] << " " << dx[1];
  EXPECT_EQ((std::vector<double>(dx.begin() + 2, dx.end())), (std::vector<double>{kInfinity, -kInfinity, 36, 0}));
}

// No floating-point dtype has quantizations, and a kernel says so instead of ignoring them.
TEST_P(GatedUnitTest, RefusesQuantizations) {
  const double parameters[] = {kOffset, kSlope};
  const Quantization quantization[4] = {{0.5, 0}, {0.5, 0}, {0.5, 0}, {0.5, 0}};
  EXPECT_FALSE(PreparedKernel(GetParam().forward, parameters, quantization).ok());
}

INSTANTIATE_TEST_SUITE_P(Isa, GatedUnitTest, testing::ValuesIn(AllGatedKernels()),
                         [](const auto& test) { return test.param.isa + "_" + std::string(Name(test.param.dtype)); });

// The partial derivatives by hand and as the dual numbers have them.
TEST(GatedDefinitionTest, DifferentiatesByEachInput) {
  const double parameters[] = {kOffset, kSlope};
  const BigBall inputs[] = {BigBall(3), BigBall(0.7)};
  const BigFloat sigmoid = 1 / (1 + exp(-BigFloat(kSlope) * BigFloat(0.7)));
  const BigResult by_x = GatedDefinition()(parameters, inputs, 0);
  const BigResult by_gate = GatedDefinition()(parameters, inputs, 1);
  const BigFloat tolerance = scalbln(BigFloat(1), -180);
  const auto is_near = [&](const BigBall& a, const BigFloat& b) { return abs(a.value() - b) < tolerance; };
  EXPECT_TRUE(by_x.value.value() == by_gate.value.value());
  EXPECT_TRUE(is_near(by_x.value, BigFloat(3.5) * sigmoid));
  EXPECT_TRUE(is_near(by_x.derivative, sigmoid));
  EXPECT_TRUE(is_near(by_gate.derivative, BigFloat(3.5 * kSlope) * sigmoid * (1 - sigmoid)));
}

}  // namespace
}  // namespace actbench
#endif
