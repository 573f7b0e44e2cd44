// SPDX-License-Identifier: Apache-2.0
// What the kernel mechanism carries beyond the activations there are: a unit with two inputs and parameters, defined
// here, in scalar code and on every Highway target of this machine.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"
#include "kernels/vocabulary_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/mechanism_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::mechanism_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "tests/gated_unit.inc"
// In this order.
#include "kernels/kernels.inc"
absl::Span<const KernelRow> Forward() { return RowsOf<Direction::kForward, float>(TestList()); }
absl::Span<const KernelRow> Gradient() { return RowsOf<Direction::kGradient, float>(TestList()); }
}  // namespace actbench::mechanism_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::mechanism_test::scalar_lane {
using namespace actbench::scalar;
#include "kernels/math.inc"
// In this order.
#include "tests/gated_unit.inc"
// In this order.
#include "kernels/kernels.inc"
absl::Span<const KernelRow> Forward() { return RowsOf<Direction::kForward, float>(TestList()); }
absl::Span<const KernelRow> Gradient() { return RowsOf<Direction::kGradient, float>(TestList()); }
}  // namespace actbench::mechanism_test::scalar_lane

namespace actbench {
namespace {

struct GatedKernels {
  std::string isa;
  KernelFunctions forward;
  KernelFunctions gradient;
};

std::vector<GatedKernels> AllGatedKernels() {
  using mechanism_test::scalar_lane::Forward;
  using mechanism_test::scalar_lane::Gradient;
  std::vector<GatedKernels> kernels = {{"scalar", Forward()[0].functions, Gradient()[0].functions}};
#define ACTBENCH_ADD(target, space, isa)                                                                       \
  if (hwy::SupportedTargets() & target) {                                                                      \
    kernels.push_back(                                                                                         \
        {isa, mechanism_test::space::Forward()[0].functions, mechanism_test::space::Gradient()[0].functions}); \
  }
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return kernels;
}

class GatedUnitTest : public testing::TestWithParam<GatedKernels> {
 protected:
  static constexpr double kOffset = 0.5;
  static constexpr double kSlope = -2;
  static constexpr double kParameters[] = {kOffset, kSlope};
  static double Sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

  GatedUnitTest() {
    for (int i = 0; i < 21; ++i) {
      x.push_back(static_cast<float>(i) - 10);
      gate.push_back(static_cast<float>(i) * 0.25f - 2);
      dy.push_back(1 - static_cast<float>(i) * 0.125f);
    }
  }
  std::vector<float> x, gate, dy;
};

TEST_P(GatedUnitTest, ForwardTakesXAndGateAndParameters) {
  const PreparedKernel kernel(GetParam().forward, kParameters, nullptr);
  std::vector<float> y(x.size());
  kernel.Run({x.data(), gate.data()}, {y.data()}, x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_FLOAT_EQ(y[i], static_cast<float>((x[i] + kOffset) * Sigmoid(kSlope * gate[i])));
  }
}

TEST_P(GatedUnitTest, GradientGivesDxAndDgate) {
  const PreparedKernel kernel(GetParam().gradient, kParameters, nullptr);
  std::vector<float> dx(x.size()), dgate(x.size());
  kernel.Run({x.data(), gate.data(), dy.data()}, {dx.data(), dgate.data()}, x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double s = Sigmoid(kSlope * gate[i]);
    EXPECT_FLOAT_EQ(dx[i], static_cast<float>(dy[i] * s));
    EXPECT_FLOAT_EQ(dgate[i], static_cast<float>(dy[i] * (x[i] + kOffset) * kSlope * s * (1 - s)));
  }
}

TEST_P(GatedUnitTest, GradientWorksInPlaceOfItsInputs) {
  const PreparedKernel kernel(GetParam().gradient, kParameters, nullptr);
  std::vector<float> dx(x.size()), dgate(x.size());
  kernel.Run({x.data(), gate.data(), dy.data()}, {dx.data(), dgate.data()}, x.size());
  std::vector<float> x_and_dx = x, gate_and_dgate = gate;
  kernel.Run({x_and_dx.data(), gate_and_dgate.data(), dy.data()}, {x_and_dx.data(), gate_and_dgate.data()}, x.size());
  EXPECT_EQ(x_and_dx, dx);
  EXPECT_EQ(gate_and_dgate, dgate);
}

TEST_P(GatedUnitTest, NaNInEitherInputGivesNaNAndInfiniteGatesGiveLimits) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  x = {nan, 1, nan, nan, 1, -1, 1};
  gate = {1, nan, infinity, -infinity, infinity, infinity, -infinity};  // the slope is negative
  const PreparedKernel forward(GetParam().forward, kParameters, nullptr);
  std::vector<float> y(x.size());
  forward.Run({x.data(), gate.data()}, {y.data()}, x.size());
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(y[i])) << i;
  EXPECT_EQ(y[4], 0);
  EXPECT_EQ(y[5], 0);
  EXPECT_TRUE(std::signbit(y[5]));
  EXPECT_EQ(y[6], 1.5f);
}

// sigmoid underflows in f64 at gate = 500, but is not 0.
TEST_P(GatedUnitTest, InfiniteUpstreamIsMultipliedWithThePartialDerivativesThatUnderflow) {
  x = {1, 0.5, 1};
  gate = {500, 500, 0};
  dy.assign(3, std::numeric_limits<float>::infinity());
  const PreparedKernel kernel(GetParam().gradient, kParameters, nullptr);
  std::vector<float> dx(3), dgate(3);
  kernel.Run({x.data(), gate.data(), dy.data()}, {dx.data(), dgate.data()}, 3);
  for (float value : dx) EXPECT_EQ(value, std::numeric_limits<float>::infinity());
  for (float value : dgate) EXPECT_EQ(value, -std::numeric_limits<float>::infinity());
}

// No floating-point dtype has quantizations, and a kernel says so instead of ignoring them.
TEST_P(GatedUnitTest, RefusesQuantizations) {
  const Quantization quantization[4] = {{0.5, 0}, {0.5, 0}, {0.5, 0}, {0.5, 0}};
  EXPECT_FALSE(PreparedKernel(GetParam().forward, kParameters, quantization).ok());
}

INSTANTIATE_TEST_SUITE_P(Isa, GatedUnitTest, testing::ValuesIn(AllGatedKernels()),
                         [](const auto& test) { return test.param.isa; });

}  // namespace
}  // namespace actbench
#endif
