// SPDX-License-Identifier: Apache-2.0
// The definitions against witnesses of other origin: anchors computed by mpmath, MPFR's own functions, identities, and
// each other in two number types.
#include "kernels/accuracy/reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "kernels/catalog.h"
#include "tests/samples.h"

namespace actbench {
namespace {

// -log2 of the relative difference, or 1000 where there is none.
double AgreeingBits(const BigFloat& a, const BigFloat& b) {
  if (a == b) return 1000;
  const BigFloat difference = abs(a - b);
  const BigFloat size = abs(a) > abs(b) ? abs(a) : abs(b);
  return static_cast<double>(ilogb(size) - ilogb(difference));
}

std::vector<double> DefaultParameters(const ActivationInfo& activation) { return *ResolveParameters(activation, {}); }

size_t IndexOf(std::string_view name) {
  size_t index = 0;
  while (AllActivations()[index]->name != name) ++index;
  return index;
}

Dual<BigFloat> Exact(std::string_view name, double x) {
  const BigFloat input = ReferenceInput<BigFloat>(x);
  const size_t index = IndexOf(name);
  return DefinitionAt<BigFloat>(index)(DefaultParameters(*AllActivations()[index]).data(), &input, 0);
}

TEST(ReferenceTest, DefinitionsMeetTheirAnchorsTo48Digits) {
  for (const ActivationInfo* activation : AllActivations()) {
    for (const Anchor& anchor : activation->Anchors()) {
      const Dual<BigFloat> exact = Exact(activation->name, anchor.x);
      EXPECT_GE(AgreeingBits(exact.value, BigFloat::FromDecimal(anchor.value)), 159)
          << activation->name << " at " << anchor.x;
      EXPECT_GE(AgreeingBits(exact.derivative, BigFloat::FromDecimal(anchor.derivative)), 159)
          << activation->name << "' at " << anchor.x;
    }
  }
}

// Two derivatives by different means: carried through the operations, and by a difference quotient at 600 bits.
TEST(ReferenceTest, DerivativesAreThoseOfTheDefinitions) {
  const BigFloat::PrecisionScope precision(600);
  const BigFloat step = scalbln(BigFloat(1), -200);
  for (size_t i = 0; i < AllActivations().size(); ++i) {
    const ActivationInfo& activation = *AllActivations()[i];
    if (activation.inputs != 1) continue;
    const std::vector<double> parameters = DefaultParameters(activation);
    const auto at = [&](const BigFloat& x) { return DefinitionAt<BigFloat>(i)(parameters.data(), &x, 0); };
    for (double x : {-30.3, -4.25, -2.9, -0.3, 0.001, 0.7, 2.9, 5.1, 7.7, 30.3}) {
      const BigFloat quotient = (at(BigFloat(x) + step).value - at(BigFloat(x) - step).value) / (2 * step);
      const BigFloat difference = abs(quotient - at(x).derivative);
      EXPECT_TRUE(difference == BigFloat(0) || ilogb(difference) < -150) << activation.name << " at " << x;
    }
  }
}

TEST(ReferenceTest, LongDoubleIsGoodEnoughForFloats) {
  for (size_t i = 0; i < AllActivations().size(); ++i) {
    const ActivationInfo& activation = *AllActivations()[i];
    if (activation.inputs != 1) continue;
    const std::vector<double> parameters = DefaultParameters(activation);
    for (double x : Samples(Dtype::kF32, activation, 300)) {
      if (std::isnan(x)) continue;
      const auto narrow_input = ReferenceInput<long double>(x);
      const auto wide_input = ReferenceInput<BigFloat>(x);
      const Dual<long double> narrow = DefinitionAt<long double>(i)(parameters.data(), &narrow_input, 0);
      const Dual<BigFloat> wide = DefinitionAt<BigFloat>(i)(parameters.data(), &wide_input, 0);
      // Values below 2^-200 are 0 to every dtype it serves; f' is allowed its cancellation near a zero.
      const auto close = [](long double a, const BigFloat& b, double absolute) {
        const BigFloat difference =
            abs(BigFloat(static_cast<double>(a)) +
                BigFloat(static_cast<double>(a - static_cast<long double>(static_cast<double>(a)))) - b);
        const bool both_tiny = std::fabs(static_cast<double>(a)) < 0x1p-200 && abs(b) < BigFloat(0x1p-200);
        const bool both_huge = std::fabs(a) > 0x1p200L && abs(b) > BigFloat(0x1p200);
        return both_tiny || both_huge || difference <= abs(b) * BigFloat(0x1p-48) + BigFloat(absolute);
      };
      EXPECT_TRUE(close(narrow.value, wide.value, 0)) << activation.name << " at " << x;
      EXPECT_TRUE(close(narrow.derivative, wide.derivative, std::fabs(x) < 20 ? 0x1p-60 : 0))
          << activation.name << "' at " << x;
    }
  }
}

TEST(ReferenceTest, TanhAndSigmoidAgree) {
  for (double x : {-300.0, -2.0, -1e-9, 0.5, 20.0}) {
    const BigFloat from_sigmoid = 2 * Exact("sigmoid", 2 * x).value - 1;
    EXPECT_LT(ilogb(abs(Exact("tanh", x).value - from_sigmoid) + scalbln(BigFloat(1), -400)), -180) << x;
  }
}

TEST(ReferenceTest, GeluErfIsTheNormalDistributionTimesX) {
  // Phi(-1), NIST Handbook of Mathematical Functions 7.17 by mpmath: ncdf(-1) to 40 digits.
  const BigFloat expected = BigFloat::FromDecimal("-0.1586552539314570514147674543679620775221");
  EXPECT_GE(AgreeingBits(Exact("gelu_erf", -1).value, expected), 125);
}

TEST(ReferenceTest, InfiniteInputsGiveTheLimits) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Exact("sigmoid", infinity).value.ToDouble(), 1);
  EXPECT_EQ(Exact("sigmoid", -infinity).value.ToDouble(), 0);
  EXPECT_EQ(Exact("silu", infinity).value.ToDouble(), infinity);
  EXPECT_EQ(Exact("silu", -infinity).value.ToDouble(), 0);
  EXPECT_TRUE(std::signbit(Exact("silu", -infinity).value.ToDouble()));
  EXPECT_EQ(Exact("silu", infinity).derivative.ToDouble(), 1);
  EXPECT_EQ(Exact("gelu_tanh", infinity).derivative.ToDouble(), 1);
  EXPECT_EQ(Exact("gelu_erf", -infinity).derivative.ToDouble(), 0);
  EXPECT_EQ(Exact("tanh", 1e38).value.ToDouble(), 1);
  EXPECT_EQ(Exact("tanh", 1e38).derivative.ToDouble(), 0);
}

}  // namespace
}  // namespace actbench
