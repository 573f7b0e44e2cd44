// SPDX-License-Identifier: Apache-2.0
// The definitions against witnesses of other origin: anchors computed by mpmath, MPFR's own functions and identities.
#include "kernels/accuracy/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/catalog.h"

#ifndef ACT_FN
#define ACT_FN inline
#endif

namespace actbench {
namespace {

#include "kernels/accuracy/dual.inc"

// -log2 of the relative difference, or 1000 where there is none.
double AgreeingBits(const BigFloat& a, const BigFloat& b) {
  if (a == b) return 1000;
  const BigFloat difference = abs(a - b);
  const BigFloat size = abs(a) > abs(b) ? abs(a) : abs(b);
  return static_cast<double>(ilogb(size) - ilogb(difference));
}

// The definition at default parameters, differentiated by input number `by`, where `x` is that input, beside 0.7 for
// another.
BigResult Along(const ActivationInfo& activation, const BigBall& x, size_t by) {
  std::vector<BigBall> inputs(activation.inputs, BigBall(0.7));
  inputs[by] = x;
  return DefinitionsOf(activation).big(ResolveParameters(activation, {})->data(), inputs.data(), by);
}

BigResult Exact(std::string_view name, double x) {
  return Along(**Catalog::FindActivation(name), ReferenceInput(x), 0);
}

TEST(ReferenceTest, DefinitionsMeetTheirAnchorsTo48Digits) {
  for (const ActivationInfo* activation : AllActivations()) {
    for (const Anchor& anchor : activation->Anchors()) {
      const BigResult exact = Exact(activation->name, anchor.x);
      EXPECT_GE(AgreeingBits(exact.value.value(), BigFloat::FromDecimal(anchor.value)), 159)
          << activation->name << " at " << anchor.x;
      EXPECT_GE(AgreeingBits(exact.derivative.value(), BigFloat::FromDecimal(anchor.derivative)), 159)
          << activation->name << "' at " << anchor.x;
    }
  }
}

// Two derivatives by different means: carried through the operations, and by a difference quotient at 600 bits.
TEST(ReferenceTest, DerivativesAreThoseOfTheDefinitions) {
  const BigFloat::PrecisionScope precision(600);
  const BigFloat step = scalbln(BigFloat(1), -200);
  for (const ActivationInfo* activation : AllActivations()) {
    for (size_t by = 0; by < activation->inputs; ++by) {
      const auto at = [&](const BigFloat& x) { return Along(*activation, BigBall(x), by); };
      for (double x : {-30.3, -4.25, -2.9, -0.3, 0.001, 0.7, 2.9, 5.1, 7.7, 30.3}) {
        const BigFloat above = at(BigFloat(x) + step).value.value();
        const BigFloat below = at(BigFloat(x) - step).value.value();
        const BigFloat quotient = (above - below) / (2 * step);
        const BigFloat derivative = at(x).derivative.value();
        EXPECT_TRUE(abs(quotient - derivative) <= scalbln(abs(derivative), -150))
            << activation->name << " by input " << by << " at " << x;
      }
    }
  }
}

// The definition of gelu_tanh is written without the cancellation of the published form.
TEST(ReferenceTest, GeluTanhIsThePublishedForm) {
  const BigFloat::PrecisionScope precision(2000);
  const ActivationInfo& gelu = **Catalog::FindActivation("gelu_tanh");
  const Dual<BigBall> cubic(BigBall(BigFloat::FromDecimal("0.044715")), BigBall(0));
  for (double x : {-20.5, -9.0, -1.0, -1e-9, 0.3, 2.0, 11.0}) {
    const Dual<BigBall> input(BigBall(x), BigBall(1));
    const Dual<BigBall> u = sqrt(2 / Pi(input)) * (input + cubic * input * input * input);
    const Dual<BigBall> published = 0.5 * input * (1 + tanh(u));
    const BigResult defined = Along(gelu, BigBall(x), 0);
    EXPECT_GE(AgreeingBits(defined.value.value(), published.value.value()), 1000) << x;
    EXPECT_GE(AgreeingBits(defined.derivative.value(), published.derivative.value()), 1000) << x;
  }
}

TEST(ReferenceTest, TanhAndSigmoidAgree) {
  for (double x : {-300.0, -2.0, -1e-9, 0.5, 20.0}) {
    const BigFloat from_sigmoid = 2 * Exact("sigmoid", 2 * x).value.value() - 1;
    EXPECT_LT(ilogb(abs(Exact("tanh", x).value.value() - from_sigmoid) + scalbln(BigFloat(1), -400)), -180) << x;
  }
}

TEST(ReferenceTest, GeluErfIsTheNormalDistributionTimesX) {
  // -Phi(-1) by python-mpmath: -ncdf(-1) to 40 digits.
  const BigFloat expected = BigFloat::FromDecimal("-0.1586552539314570514147674543679620775221");
  EXPECT_GE(AgreeingBits(Exact("gelu_erf", -1).value.value(), expected), 125);
}

TEST(ReferenceTest, WhatIsNotInTheListIsNaN) {
  const ActivationInfo nothing{.name = "nothing", .summary = {}, .source = {}};
  const BigBall input(1);
  EXPECT_TRUE(std::isnan(DefinitionsOf(nothing).big(nullptr, &input, 0).value.value().ToDouble()));
  const Reference reference(nothing, Direction::kForward, Dtype::kF32, {});
  const double x = 1;
  EXPECT_EQ(UlpError(std::nan(""), reference.Evaluate(&x), Info(Dtype::kF32)), std::numeric_limits<double>::infinity());
}

TEST(ReferenceTest, InfiniteInputsGiveTheLimits) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Exact("sigmoid", infinity).value.value().ToDouble(), 1);
  EXPECT_EQ(Exact("sigmoid", -infinity).value.value().ToDouble(), 0);
  EXPECT_EQ(Exact("silu", infinity).value.value().ToDouble(), infinity);
  EXPECT_EQ(Exact("silu", -infinity).value.value().ToDouble(), 0);
  EXPECT_TRUE(std::signbit(Exact("silu", -infinity).value.value().ToDouble()));
  EXPECT_EQ(Exact("silu", infinity).derivative.value().ToDouble(), 1);
  EXPECT_EQ(Exact("gelu_tanh", infinity).derivative.value().ToDouble(), 1);
  EXPECT_EQ(Exact("gelu_erf", -infinity).derivative.value().ToDouble(), 0);
  EXPECT_EQ(Exact("tanh", 1e38).value.value().ToDouble(), 1);
  EXPECT_EQ(Exact("tanh", 1e38).derivative.value().ToDouble(), 0);
}

}  // namespace
}  // namespace actbench
