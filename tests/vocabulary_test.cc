// SPDX-License-Identifier: Apache-2.0
// The contract of the vocabulary and of math.inc, on every implementation: scalar, and each Highway target that this
// machine has.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/accuracy/big_float.h"
#include "kernels/vocabulary_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/vocabulary_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACTBENCH_TESTS_VOCABULARY_TEST_CC_
#define ACTBENCH_TESTS_VOCABULARY_TEST_CC_
namespace actbench {

enum Unary {
  kNeg,
  kAbs,
  kSqrt,
  kRound,
  kPowerOfTwo,
  kSigmoid,
  kTanh,
  kNormalCdf,
  kScaledNormalTail,
  kExp,
  kTanhShrink,
  kTanhSquare,
  kMish,
  kMishSlope
};
enum Binary {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kCopySign,
  kLt,
  kLe,
  kEq,
  kAtLeast,
  kAtMost,
  kUnlessNaN,
  kMulError,
  kMulSigmoid,
  kExpReducedM,
  kExpReducedK,
  kSoftplus
};
enum Ternary { kMulAdd, kNegMulAdd, kMulScaled, kMulSigmoidLow, kMulExpLow, kMulExpm1Low, kIfPositive, kIfEither };

// The operations of one implementation, from vocabulary_table.inc.
struct VocabularyTable {
  const char* name;
  double (*unary)(Unary op, double a);
  double (*binary)(Binary op, double a, double b);
  double (*ternary)(Ternary op, double a, double b, double c);
  void (*store)(Dtype dtype, double value, void* element);
  double (*load)(Dtype dtype, const void* element);
};

}  // namespace actbench
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::vocabulary_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "tests/vocabulary_table.inc"
}  // namespace actbench::vocabulary_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::vocabulary_test::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#include "tests/vocabulary_table.inc"
}  // namespace actbench::vocabulary_test::scalar_lane

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<VocabularyTable> Vocabularies() {
  std::vector<VocabularyTable> tables = {vocabulary_test::scalar_lane::Table("scalar")};
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) tables.push_back(vocabulary_test::space::Table(isa));
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

class VocabularyTest : public testing::TestWithParam<VocabularyTable> {
 protected:
  double Call(Unary op, double a) const { return GetParam().unary(op, a); }
  double Call(Binary op, double a, double b) const { return GetParam().binary(op, a, b); }
  double Call(Ternary op, double a, double b, double c) const { return GetParam().ternary(op, a, b, c); }
  // The largest relative error of an operation over `inputs`, in units of 2^-53.
  template <class Got, class Exact>
  double WorstError(const std::vector<double>& inputs, Got got, Exact exact) const {
    double worst = 0;
    for (double x : inputs) {
      const BigFloat expected = exact(BigFloat(x));
      const BigFloat error = abs(BigFloat(got(x)) - expected) / (abs(expected) * BigFloat(0x1p-53));
      if (!(error.ToDouble() <= worst)) worst = error.ToDouble();  // NaN, which then stays
    }
    return worst;
  }
  static std::vector<double> Uniform(double from, double to) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> distribution(from, to);
    std::vector<double> values(3000);
    std::generate(values.begin(), values.end(), [&] { return distribution(random); });
    return values;
  }
};

TEST_P(VocabularyTest, ArithmeticIsIeee) {
  for (double a : {0.1, -3.75, 1e300, 5e-324, kInfinity}) {
    for (double b : {0.7, -1e-300, 3.0}) {
      EXPECT_EQ(Call(kAdd, a, b), a + b);
      EXPECT_EQ(Call(kSub, a, b), a - b);
      EXPECT_EQ(Call(kMul, a, b), a * b);
      EXPECT_EQ(Call(kDiv, a, b), a / b);
    }
  }
  EXPECT_EQ(Call(kMulAdd, 3, 5, 7), 22);
  EXPECT_EQ(Call(kNegMulAdd, 3, 5, 7), -8);
  EXPECT_TRUE(std::signbit(Call(kNeg, 0.0)));
  EXPECT_EQ(Call(kAbs, -kInfinity), kInfinity);
  for (double a : {0.0, 2.0, 5e-324, 1e300}) EXPECT_EQ(Call(kSqrt, a), std::sqrt(a));
  EXPECT_TRUE(std::isnan(Call(kSqrt, -1)));
  EXPECT_EQ(Call(kCopySign, 2, -0.0), -2);
}

TEST_P(VocabularyTest, RoundsToNearestEven) {
  for (double x : {0.5, 1.5, -2.5, 0.49999999999999994, 1e15 + 0.5, -0.2})
    EXPECT_EQ(Call(kRound, x), std::nearbyint(x));
  EXPECT_TRUE(std::isnan(Call(kRound, kNaN)));
}

TEST_P(VocabularyTest, ComparisonsAreFalseForNaN) {
  for (Binary compare : {kLt, kLe, kEq}) {
    EXPECT_EQ(Call(compare, kNaN, 1), 0);
    EXPECT_EQ(Call(compare, 1, kNaN), 0);
    EXPECT_EQ(Call(compare, kNaN, kNaN), 0);
  }
  EXPECT_EQ(Call(kLt, 1, 2), 1);
  EXPECT_EQ(Call(kLt, 2, 2), 0);
  EXPECT_EQ(Call(kLe, 2, 2), 1);
  EXPECT_EQ(Call(kEq, 0.0, -0.0), 1);
  EXPECT_EQ(Call(kIfPositive, 1, 2, 3), 2);
  EXPECT_EQ(Call(kIfPositive, kNaN, 2, 3), 3);
  for (double a : {-1.0, 1.0}) {
    for (double b : {-1.0, 1.0}) EXPECT_EQ(Call(kIfEither, a, b, 5), a < 0 || b < 0 ? 5 : 0);
  }
}

TEST_P(VocabularyTest, BoundsKeepNaN) {
  EXPECT_EQ(Call(kAtLeast, -5, 0), 0);
  EXPECT_EQ(Call(kAtLeast, 5, 0), 5);
  EXPECT_EQ(Call(kAtMost, 7, 6), 6);
  EXPECT_TRUE(std::isnan(Call(kAtLeast, kNaN, 0)));
  EXPECT_TRUE(std::isnan(Call(kAtMost, kNaN, 0)));
  EXPECT_TRUE(std::isnan(Call(kUnlessNaN, kNaN, 1)));
  EXPECT_EQ(Call(kUnlessNaN, kInfinity, 1), 1);
}

TEST_P(VocabularyTest, PowersOfTwoAreExact) {
  for (int k : {-1022, -1, 0, 1, 1023}) EXPECT_EQ(Call(kPowerOfTwo, k), std::ldexp(1.0, k));
}

// Subnormal results may be rounded again, which is within an ulp; all others are v * p rounded once.
TEST_P(VocabularyTest, ScaledProductsDoNotOverflowAndRoundAgainOnlyIfSubnormal) {
  const auto expect_right = [&](double v, double p, int k) {
    const BigFloat exact = scalbln(BigFloat(v) * BigFloat(p), k);
    const double got = Call(kMulScaled, v, p, k);
    if (std::fabs(exact.ToDouble()) > 0x1p-1022) {
      ASSERT_EQ(got, exact.ToDouble()) << v << " " << p << " 2^" << k;
    } else {
      ASSERT_LE(scalbln(abs(BigFloat(got) - exact), 1074).ToDouble(), 1) << v << " " << p << " 2^" << k;
    }
  };
  for (int k : {-3000, -2100, -1100, -1075, -1074, -1022, -5, -1, 0}) {
    for (double v : {1.0, -1.25, 0x1.fffffffffffffp0, 0x1.8p900, 0x1.fffffffffffffp1023, kInfinity}) {
      for (double p : {0.5, 0.75, k == 0 ? 1.0 : 1.4142135623730951}) {
        expect_right(v, p, k);
      }
    }
  }
  EXPECT_NE(Call(kMulScaled, 0x1.183b818c1d168p0, 0x1.a99cad3f4dfd5p-1, -1022),
            scalbln(BigFloat(0x1.183b818c1d168p0) * BigFloat(0x1.a99cad3f4dfd5p-1), -1022).ToDouble());
  const std::vector<double> values = Uniform(0.5, 1);
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    expect_right(2 * values[i], values[i + 1], -1021 - static_cast<int>(i % 54));
    expect_right(std::ldexp(values[i], 980), values[i + 1], -2002 - static_cast<int>(i % 54));
  }
}

TEST_P(VocabularyTest, ErrorOfAProductIsExactWithFma) {
  const bool has_fma = std::string(GetParam().name) != "sse4";
  const std::vector<double> values = Uniform(-1e6, 1e6);
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    const double a = values[i];
    const double b = values[i + 1];
    const double tolerance = has_fma ? 0 : std::fabs(a * b) * 0x1p-104;
    ASSERT_NEAR(Call(kMulError, a, b), std::fma(a, b, -(a * b)), tolerance) << a << " * " << b;
  }
  EXPECT_TRUE(std::isfinite(Call(kMulError, 0x1.fffffffffffffp1023, 1e-300)));
}

TEST_P(VocabularyTest, StoresRoundOnceToNearestEven) {
  std::mt19937_64 random(3);
  for (const DtypeInfo& format : AllDtypes()) {
    for (int i = 0; i < 20000; ++i) {
      uint64_t bits = random();
      double value;
      std::memcpy(&value, &bits, sizeof(value));
      if (!std::isfinite(value) || value == 0) continue;
      const int exponent = static_cast<int>(bits % 45) - 28;
      if (i % 4 != 0) value = std::ldexp(value, exponent - std::ilogb(value));         // mostly in range
      if (i % 4 == 2) value = std::ldexp(std::nearbyint(std::ldexp(value, 12)), -12);  // many ties
      char got[8];
      char expected[8];
      GetParam().store(format.dtype, value, got);
      StoreElement(format.dtype, value, expected);
      ASSERT_EQ(LoadBits(format.dtype, got), LoadBits(format.dtype, expected)) << format.name << " " << value;
    }
  }
}

TEST_P(VocabularyTest, StoresKeepInfinitiesZerosAndNaN) {
  for (const DtypeInfo& format : AllDtypes()) {
    for (double value : {kInfinity, -kInfinity, 0.0, -0.0, 1e-320, -1e-320, 1e308}) {
      char got[8];
      char expected[8];
      GetParam().store(format.dtype, value, got);
      StoreElement(format.dtype, value, expected);
      EXPECT_EQ(LoadBits(format.dtype, got), LoadBits(format.dtype, expected)) << format.name << " " << value;
    }
    char element[8];
    GetParam().store(format.dtype, kNaN, element);
    EXPECT_TRUE(std::isnan(LoadElement(format.dtype, element))) << format.name;
    GetParam().store(format.dtype, -kNaN, element);
    EXPECT_TRUE(std::isnan(LoadElement(format.dtype, element))) << format.name;
  }
}

TEST_P(VocabularyTest, LoadsAreExact) {
  for (Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const auto half = static_cast<uint16_t>(bits);
      const double expected = LoadElement(dtype, &half);
      const double got = GetParam().load(dtype, &half);
      ASSERT_TRUE(std::isnan(expected) ? std::isnan(got)
                                       : got == expected && std::signbit(got) == std::signbit(expected))
          << Name(dtype) << " " << bits << ": " << got;
    }
  }
  const float single = -0x1.23456p-140f;
  EXPECT_EQ(GetParam().load(Dtype::kF32, &single), single);
}

// Bounds: what math.inc says, in units of 2^-53.
TEST_P(VocabularyTest, BuildingBlocksKeepTheirErrorBounds) {
  const BigFloat half(0.5);
  const auto sigmoid = [](const BigFloat& x) { return 1 / (1 + exp(-x)); };
  const auto cdf = [&](const BigFloat& x) { return half * erfc(-x * sqrt(half)); };
  EXPECT_LE(WorstError(
                Uniform(-700, 40), [&](double x) { return Call(kSigmoid, x); }, sigmoid),
            4);
  EXPECT_LE(WorstError(
                Uniform(-4, 4), [&](double x) { return Call(kSigmoid, x); }, sigmoid),
            4);
  const double low = -0x1.fedcba98p-31;
  const auto low_sigmoid = [&](const BigFloat& x) { return sigmoid(x + BigFloat(low)); };
  EXPECT_LE(WorstError(
                Uniform(-700, 40), [&](double x) { return Call(kMulSigmoidLow, 1, x, low); }, low_sigmoid),
            4);
  const auto tail = [&](const BigFloat& a) { return exp(a * a * half) * cdf(-a); };
  EXPECT_LE(WorstError(
                Uniform(0, 54), [&](double x) { return Call(kScaledNormalTail, x); }, tail),
            3);
  const auto reduced = [&](const BigFloat& x) {
    const double k = Call(kExpReducedK, x.ToDouble(), low);
    return scalbln(exp(x + BigFloat(low)), -static_cast<long>(k)) - 1;
  };
  EXPECT_LE(WorstError(
                Uniform(-2000, 2000), [&](double x) { return Call(kExpReducedM, x, low); }, reduced),
            4);
  const auto big_tanh = [](const BigFloat& x) { return tanh(x); };
  EXPECT_LE(WorstError(
                Uniform(-20, 20), [&](double x) { return Call(kTanh, x); }, big_tanh),
            4);
  EXPECT_LE(WorstError(
                Uniform(-1e-3, 1e-3), [&](double x) { return Call(kTanh, x); }, big_tanh),
            4);
  EXPECT_LE(WorstError(
                Uniform(-37, 8), [&](double x) { return Call(kNormalCdf, x); }, cdf),
            4);
  EXPECT_LE(WorstError(
                Uniform(-2, 2), [&](double x) { return Call(kNormalCdf, x); }, cdf),
            4);
}

// What is made of the exponential: within 4 units of 2^-53 too (2.6 measured: kSoftplus), and beside the zero of mish'
// within that of its terms.
TEST_P(VocabularyTest, ExponentialBlocksKeepTheirErrorBounds) {
  const auto expect = [&](auto op, double from, double to, auto exact) {
    EXPECT_LE(WorstError(
                  Uniform(from, to), [&](double x) { return Call(op, x); }, exact),
              4)
        << op << " from " << from << " to " << to;
  };
  const auto softplus = [](const BigFloat& x) { return log1p(exp(x)); };
  const auto mish = [&](const BigFloat& x) { return x * tanh(softplus(x)); };
  const auto shrink = [](const BigFloat& x) { return x - tanh(x); };
  for (double range : {700.0, 1.0, 1e-6}) {
    expect(kExp, -range, range, [](const BigFloat& x) { return exp(x); });
    expect(kMish, -range, range, mish);
    EXPECT_LE(WorstError(
                  Uniform(-range, range), [&](double x) { return Call(kSoftplus, x, 1); }, softplus),
              4);
  }
  for (double range : {40.0, 1.0, 1e-3}) {
    expect(kTanhShrink, -range, range, shrink);
    expect(kTanhSquare, -range, range, [](const BigFloat& x) { return tanh(x) * tanh(x); });
  }
  const auto slope = [&](const BigFloat& x) {
    const BigFloat t = tanh(softplus(x));
    return t + x * (1 - t * t) / (1 + exp(-x));
  };
  expect(kMishSlope, -1, 20, slope);
  expect(kMishSlope, -700, -1.4, slope);
  for (double b : {0.3, 1.7, 0x1p-60}) {
    EXPECT_LE(WorstError(
                  Uniform(-300, 300), [&](double x) { return Call(kSoftplus, x, b); },
                  [&](const BigFloat& x) { return log1p(exp(BigFloat(b) * x)) / BigFloat(b); }),
              4);
  }
  const double low = -0x1.fedcba98p-31;
  for (double range : {-700.0, -1.0, -1e-6}) {
    EXPECT_LE(WorstError(
                  Uniform(range, 0), [&](double x) { return Call(kMulExpLow, 3, x, low); },
                  [&](const BigFloat& x) { return 6 * exp(x + BigFloat(low)); }),
              4);
    EXPECT_LE(WorstError(
                  Uniform(range, range / 2), [&](double x) { return Call(kMulExpm1Low, -3, x, low); },
                  [&](const BigFloat& x) { return -6 * expm1(x + BigFloat(low)); }),
              4);
  }
}

// Whether `got` is within 2 ulp of a subnormal number, or within 2^-52 of a normal one.
testing::AssertionResult IsNearTail(double got, const BigFloat& exact) {
  const BigFloat ulps = abs(BigFloat(got) - exact) * BigFloat(0x1p1000) * BigFloat(0x1p74);
  const double allowed = 2 + (exact > BigFloat(0x1p-1022) ? exact.ToDouble() * 0x1p1000 * 0x1p22 : 0);
  if (ulps.ToDouble() <= allowed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << ulps.ToDouble() << " units of 2^-1074, " << allowed << " allowed";
}

TEST_P(VocabularyTest, SubnormalTailsAreWithinTwoUlp) {
  for (double z : Uniform(-745, -708))
    EXPECT_TRUE(IsNearTail(Call(kMulSigmoid, 3, z), 3 / (1 + exp(-BigFloat(z))))) << z;
  for (double z : Uniform(-745, -708)) {
    EXPECT_TRUE(IsNearTail(Call(kExp, z), exp(BigFloat(z)))) << z;
    EXPECT_TRUE(IsNearTail(Call(kSoftplus, z, 1), log1p(exp(BigFloat(z))))) << z;
    EXPECT_TRUE(IsNearTail(-Call(kMish, z), -BigFloat(z) * tanh(log1p(exp(BigFloat(z)))))) << z;
  }
  const BigFloat half(0.5);
  for (double x : Uniform(-38.6, -37.5)) {
    EXPECT_TRUE(IsNearTail(Call(kNormalCdf, x), half * erfc(-BigFloat(x) * sqrt(half)))) << x;
  }
}

TEST_P(VocabularyTest, TanhIsOddBitForBit) {
  for (double x : Uniform(-20, 20)) ASSERT_EQ(Call(kTanh, -x), -Call(kTanh, x)) << x;
}

TEST_P(VocabularyTest, BuildingBlocksReachTheirLimits) {
  EXPECT_EQ(Call(kSigmoid, kInfinity), 1);
  EXPECT_EQ(Call(kSigmoid, -kInfinity), 0);
  EXPECT_EQ(Call(kSigmoid, -745), std::exp(-745.0));
  EXPECT_TRUE(std::isnan(Call(kSigmoid, kNaN)));
  EXPECT_EQ(Call(kMulSigmoid, kInfinity, kInfinity), kInfinity);
  EXPECT_EQ(Call(kMulSigmoid, -kInfinity, -kInfinity), 0);
  EXPECT_TRUE(std::signbit(Call(kMulSigmoid, -kInfinity, -kInfinity)));
  EXPECT_TRUE(std::isnan(Call(kMulSigmoid, kNaN, -kInfinity)));
  EXPECT_EQ(Call(kTanh, -kInfinity), -1);
  EXPECT_TRUE(std::signbit(Call(kTanh, -0.0)));
  EXPECT_TRUE(std::isnan(Call(kTanh, kNaN)));
  EXPECT_EQ(Call(kExp, kInfinity), kInfinity);
  EXPECT_EQ(Call(kExp, -kInfinity), 0);
  EXPECT_EQ(Call(kExp, 709.7), std::exp(709.7));
  EXPECT_EQ(Call(kMulExpLow, -1e300, -3000, 0), 0);
  EXPECT_TRUE(std::signbit(Call(kMulExpLow, -1e300, -3000, 0)));
  EXPECT_EQ(Call(kMulExpLow, 1e300, -kInfinity, kNaN), 0);
  EXPECT_EQ(Call(kMulExpm1Low, 1, -kInfinity, kNaN), -2);
  EXPECT_TRUE(std::signbit(Call(kMulExpm1Low, 1, -0.0, 0)));
  EXPECT_EQ(Call(kSoftplus, kInfinity, 3), kInfinity);
  EXPECT_EQ(Call(kSoftplus, -kInfinity, 1e-300), 0);
  EXPECT_EQ(Call(kMish, kInfinity), kInfinity);
  EXPECT_EQ(Call(kMish, -kInfinity), 0);
  EXPECT_TRUE(std::signbit(Call(kMish, -kInfinity)));
  EXPECT_EQ(Call(kMishSlope, kInfinity), 1);
  EXPECT_EQ(Call(kMishSlope, -kInfinity), 0);
  EXPECT_EQ(Call(kTanhShrink, -kInfinity), -kInfinity);
  EXPECT_TRUE(std::signbit(Call(kTanhShrink, -0.0)));
  EXPECT_EQ(Call(kTanhSquare, -kInfinity), 1);
  for (Unary op : {kExp, kMish, kMishSlope, kTanhShrink, kTanhSquare}) EXPECT_TRUE(std::isnan(Call(op, kNaN))) << op;
  EXPECT_TRUE(std::isnan(Call(kSoftplus, kNaN, 1)));
  EXPECT_EQ(Call(kNormalCdf, kInfinity), 1);
  EXPECT_EQ(Call(kNormalCdf, -kInfinity), 0);
  EXPECT_TRUE(std::isnan(Call(kNormalCdf, kNaN)));
}

INSTANTIATE_TEST_SUITE_P(Isa, VocabularyTest, testing::ValuesIn(Vocabularies()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace actbench
#endif
