// SPDX-License-Identifier: Apache-2.0
// The building blocks of kernels/math_narrow.inc, in the exact tier, on every implementation: their errors against
// MPFR, and that all have the same bits, so that the certificate of one instruction set holds on the others.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/accuracy/big_float.h"
#include "kernels/vocabulary_scalar.h"

#define ACTBENCH_EXACT_TIER 1
#define ACTBENCH_NARROW_RESULTS 1
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/narrow_lanes_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACTBENCH_TESTS_NARROW_LANES_TEST_CC_
#define ACTBENCH_TESTS_NARROW_LANES_TEST_CC_
namespace actbench {

enum class Block {
  kExp,
  kSigmoid,
  kMulSigmoidLow,  // 3 s(x + 2^-40)
  kTanh,
  kMulExp,       // 3 x 5 exp(x)
  kMulExpTiny,   // 1e-300 x 1e300 exp(x)
  kMulExpSmall,  // 1e-300 x 1e-200 exp(x)
  kMulExpLarge,  // 1e300 x 1e250 exp(x)
  kExpm1,
  kMulExpm1,  // 1e-300 x 1e300 (exp(x) - 1)
  kLog1p,
  kSoftplus,
  kSoftplusSteep,  // beta = 1e30
  kSoftplusFlat,   // beta = 1e-30
  kMish,
  kScaledNormalTail,
  kGelu,
  kGeluTanh,
  kSigmoidSlope,
  kTanhSlope,
  kSwishSlope,
  kMishSlope,
  kGeluSlope,
  kGeluTanhSlope,
  kBlocks
};

struct BlockTable {
  const char* name;
  std::vector<double> (*call)(Block block, const std::vector<double>& x);
};

}  // namespace actbench
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::narrow_lanes_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "tests/narrow_lanes_table.inc"
}  // namespace actbench::narrow_lanes_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::narrow_lanes_test::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::exact;
#include "kernels/math.inc"
// In this order.
#include "tests/narrow_lanes_table.inc"
}  // namespace actbench::narrow_lanes_test::scalar_lane

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

BlockTable ScalarTable() { return narrow_lanes_test::scalar_lane::MakeTable("scalar"); }

std::vector<BlockTable> Tables() {
  std::vector<BlockTable> tables = {ScalarTable()};
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) tables.push_back(narrow_lanes_test::space::MakeTable(isa));
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

// Floats, as the lanes hold them where they matter.
std::vector<double> Uniform(double from, double to) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> distribution(from, to);
  std::vector<double> values(4096);
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(distribution(random)); });
  return values;
}

class NarrowLanesTest : public testing::TestWithParam<BlockTable> {
 protected:
  // The largest relative error is at most `bound` units of 2^-53.
  void Expect(Block block, double from, double to, double bound,
              const std::function<BigFloat(const BigFloat&)>& exact) const {
    const std::vector<double> x = Uniform(from, to);
    const std::vector<double> got = GetParam().call(block, x);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const BigFloat expected = exact(BigFloat(x[i]));
      ASSERT_FALSE(std::isnan(got[i])) << static_cast<int>(block) << " at " << x[i];
      const BigFloat error = abs(BigFloat(got[i]) - expected) / (abs(expected) * BigFloat(0x1p-53));
      worst = std::max(worst, error.ToDouble());
    }
    EXPECT_LE(worst, bound) << static_cast<int>(block) << " from " << from << " to " << to;
  }
};

BigFloat Logistic(const BigFloat& x) { return 1 / (1 + exp(-x)); }
BigFloat Cdf(const BigFloat& x) { return BigFloat(0.5) * erfc(-x * sqrt(BigFloat(0.5))); }

TEST_P(NarrowLanesTest, ExponentialsKeepTheirErrorBounds) {
  const auto softplus = [](const BigFloat& x) { return log1p(exp(x)); };
  for (double range : {300.0, 1.0, 1e-6}) {
    Expect(Block::kExp, -range, range, 2, [](const BigFloat& x) { return exp(x); });
    Expect(Block::kSigmoid, -range, range, 4, Logistic);
    Expect(Block::kMulSigmoidLow, -range, range, 4,
           [](const BigFloat& x) { return 3 * Logistic(x + BigFloat(0x1p-40)); });
    Expect(Block::kSoftplus, -range, range, 4, softplus);
    Expect(Block::kMish, -range, range, 4, [&](const BigFloat& x) { return x * tanh(softplus(x)); });
    Expect(Block::kSigmoidSlope, -range, range, 4, [](const BigFloat& x) { return Logistic(x) * Logistic(-x); });
  }
  Expect(Block::kSoftplusSteep, -1e-28, 1e-28, 5,
         [](const BigFloat& x) { return log1p(exp(BigFloat(1e30) * x)) / BigFloat(1e30); });
  Expect(Block::kSoftplusFlat, -1e30, 1e30, 5,
         [](const BigFloat& x) { return log1p(exp(BigFloat(1e-30) * x)) / BigFloat(1e-30); });
  for (double range : {40.0, 1.0, 1e-6}) {
    Expect(Block::kMulExpm1, -range, range, 5,
           [](const BigFloat& x) { return BigFloat(1e-300) * BigFloat(1e300) * expm1(x); });
    Expect(Block::kExpm1, -range, range, 4, [](const BigFloat& x) { return expm1(x); });
    Expect(Block::kTanh, -range, range, 4, [](const BigFloat& x) { return tanh(x); });
    Expect(Block::kTanhSlope, -range, range, 5, [](const BigFloat& x) { return 1 - tanh(x) * tanh(x); });
  }
  for (double most : {1.0, 1e-3}) Expect(Block::kLog1p, 0, most, 4, [](const BigFloat& u) { return log1p(u); });
}

// Of factors whose product leaves the range of f64, or one of which does with the power.
TEST_P(NarrowLanesTest, FactorsOfAnExponentialDoNotOverflow) {
  const auto expect = [&](Block block, double from, double to, double a, double b) {
    Expect(block, from, to, 3, [&](const BigFloat& x) { return BigFloat(a) * BigFloat(b) * exp(x); });
  };
  expect(Block::kMulExp, -600, 600, 3, 5);
  expect(Block::kMulExpTiny, -600, 600, 1e-300, 1e300);
  expect(Block::kMulExpSmall, 600, 1700, 1e-300, 1e-200);
  expect(Block::kMulExpLarge, -1700, -700, 1e300, 1e250);
  EXPECT_EQ(GetParam().call(Block::kMulExpLarge, {1e30})[0], std::numeric_limits<double>::max());
  EXPECT_EQ(GetParam().call(Block::kMulExpLarge, {kInfinity})[0], kInfinity);
  EXPECT_EQ(GetParam().call(Block::kMulExpSmall, {-1e30})[0], 0);
}

TEST_P(NarrowLanesTest, NormalBlocksKeepTheirErrorBounds) {
  const BigFloat half(0.5);
  const auto density = [&](const BigFloat& x) { return exp(-x * x * half) * BigFloat(0x1.9884533d43651p-2); };
  Expect(Block::kScaledNormalTail, 0, 26, 5, [&](const BigFloat& a) { return exp(a * a * half) * Cdf(-a); });
  for (double range : {25.0, 1.0, 1e-3})
    Expect(Block::kGelu, -range, range, 6, [](const BigFloat& x) { return x * Cdf(x); });
  Expect(Block::kGeluSlope, 0, 25, 4, [&](const BigFloat& x) { return Cdf(x) + x * density(x); });
  const auto w = [](const BigFloat& x) {
    return BigFloat(0x1.9884533d43651p0) * (x + BigFloat(44715) / BigFloat(1000000) * x * x * x);
  };
  // The constants of the two expressions are doubles here, which is within the bounds where w is small.
  Expect(Block::kGeluTanh, -1, 1, 6, [&](const BigFloat& x) { return x * Logistic(w(x)); });
  Expect(Block::kGeluTanhSlope, 0, 1, 6, [&](const BigFloat& x) {
    const BigFloat growth = x * BigFloat(0x1.9884533d43651p0) * (1 + BigFloat(134145) / BigFloat(1000000) * x * x);
    return Logistic(w(x)) * (1 + growth * Logistic(-w(x)));
  });
}

// Away from their zeros, and beside them, where a polynomial takes over.
TEST_P(NarrowLanesTest, SlopesKeepTheirErrorBounds) {
  const auto silu = [](const BigFloat& x) { return Logistic(x) * (1 + x * Logistic(-x)); };
  const auto mish = [](const BigFloat& x) {
    const BigFloat t = tanh(log1p(exp(x)));
    return t + x * (1 - t * t) / (1 + exp(-x));
  };
  Expect(Block::kSwishSlope, -1, 30, 6, silu);
  Expect(Block::kSwishSlope, -30, -1.5, 8, silu);
  Expect(Block::kSwishSlope, -1.3, -1.25, 4, silu);
  Expect(Block::kMishSlope, -0.9, 30, 8, mish);
  Expect(Block::kMishSlope, -30, -1.4, 12, mish);
  Expect(Block::kMishSlope, -1.22, -1.17, 4, mish);
}

TEST_P(NarrowLanesTest, LimitsWin) {
  const auto call = [](Block block, double x) { return GetParam().call(block, {x})[0]; };
  for (Block block : {Block::kSigmoidSlope, Block::kTanhSlope}) {
    EXPECT_EQ(std::bit_cast<uint64_t>(call(block, kInfinity)), 0) << static_cast<int>(block);
    EXPECT_EQ(std::bit_cast<uint64_t>(call(block, -kInfinity)), 0) << static_cast<int>(block);
  }
  for (Block block : {Block::kSwishSlope, Block::kMishSlope, Block::kGeluSlope, Block::kGeluTanhSlope}) {
    EXPECT_EQ(call(block, kInfinity), 1) << static_cast<int>(block);
    EXPECT_EQ(std::bit_cast<uint64_t>(call(block, -kInfinity)), uint64_t{1} << 63) << static_cast<int>(block);
  }
  for (Block block : {Block::kMish, Block::kGelu, Block::kGeluTanh, Block::kSoftplus}) {
    EXPECT_EQ(call(block, kInfinity), kInfinity) << static_cast<int>(block);
    EXPECT_EQ(static_cast<float>(call(block, -kInfinity)), 0) << static_cast<int>(block);
    EXPECT_EQ(std::signbit(call(block, -kInfinity)), block != Block::kSoftplus) << static_cast<int>(block);
  }
  EXPECT_EQ(call(Block::kTanh, -kInfinity), -1);
  EXPECT_TRUE(std::signbit(call(Block::kTanh, -0.0)));
  for (int block = 0; block < static_cast<int>(Block::kBlocks); ++block) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(call(static_cast<Block>(block), nan))) << block;
  }
}

// Of numbers of every size, so that short and longer paths both have some.
TEST_P(NarrowLanesTest, AllInstructionSetsHaveTheSameBits) {
  for (double range : {600.0, 20.0, 1.0, 1e-4, 1e-15}) {
    const std::vector<double> x = Uniform(-range, range);
    for (int block = 0; block < static_cast<int>(Block::kBlocks); ++block) {
      const std::vector<double> got = GetParam().call(static_cast<Block>(block), x);
      const std::vector<double> expected = ScalarTable().call(static_cast<Block>(block), x);
      for (size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(got[i]) && std::isnan(expected[i])) continue;
        ASSERT_EQ(std::bit_cast<uint64_t>(got[i]), std::bit_cast<uint64_t>(expected[i])) << block << " at " << x[i];
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, NarrowLanesTest, testing::ValuesIn(Tables()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace actbench
#endif
