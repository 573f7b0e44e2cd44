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

// Definitions that are written without the cancellation, or the overflow, of the textbook's expression.
TEST(ReferenceTest, DefinitionsWithoutCancellationAreTheTextbooks) {
  using Number = Dual<BigBall>;
  const BigFloat::PrecisionScope precision(2000);
  const auto expect = [](std::string_view name, auto textbook) {
    for (double x : {-20.5, -9.0, -1.0, -1e-9, 0.3, 2.0, 11.0}) {
      const Number expected = textbook(Number(BigBall(x), BigBall(1)));
      const BigResult defined = Exact(name, x);
      EXPECT_GE(AgreeingBits(defined.value.value(), expected.value.value()), 1000) << name << " at " << x;
      EXPECT_GE(AgreeingBits(defined.derivative.value(), expected.derivative.value()), 1000) << name << "' at " << x;
    }
  };
  expect("tanh_shrink", [](const Number& x) { return x - tanh(x); });
  expect("softplus", [](const Number& x) { return log1p(exp(x)); });
  expect("log_sigmoid", [](const Number& x) { return log1p(1 / (1 + exp(-x)) - 1); });
  // tanh(log(v)) = (v^2 - 1) / (v^2 + 1)
  expect("mish", [](const Number& x) {
    const Number v = 1 + exp(x);
    return x * ((v * v - 1) / (v * v + 1));
  });
  expect("quick_gelu", [](const Number& x) {
    return x / (1 + exp(-(x * Number(BigBall(BigFloat::FromDecimal("1.702")), BigBall(0)))));
  });
  const double alpha = (*Catalog::FindActivation("selu"))->parameters[0].default_value;
  const double scale = (*Catalog::FindActivation("selu"))->parameters[1].default_value;
  const auto elu = [](const Number& x, double a) { return If(x > 0, x, a * (exp(x) - 1)); };
  expect("exp", [](const Number& x) { return exp(x); });
  expect("elu", [&](const Number& x) { return elu(x, 1); });
  expect("celu", [&](const Number& x) { return elu(x, 1); });
  expect("selu", [&](const Number& x) { return scale * elu(x, alpha); });
}

// Where x - tanh(x) is a series, for x below 2^-64, it is still that: at 2^-70, to the digits that 600 bits leave.
TEST(ReferenceTest, TheSeriesOfTanhShrinkIsTheDifference) {
  const double x = 0x1.8p-70;
  const BigBall series = Along(**Catalog::FindActivation("tanh_shrink"), BigBall(x), 0).value;
  const BigFloat::PrecisionScope precision(600);
  const BigFloat difference = BigFloat(x) - tanh(BigFloat(x));
  EXPECT_GE(AgreeingBits(series.value(), difference), 180);
  EXPECT_TRUE(abs(series.value() - difference) <= series.error());
  EXPECT_FALSE(series.is_exact());
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
  EXPECT_EQ(Exact("exp", -infinity).value.value().ToDouble(), 0);
  EXPECT_EQ(Exact("exp", infinity).value.value().ToDouble(), infinity);
  EXPECT_EQ(Exact("elu", -infinity).value.value().ToDouble(), -1);
  EXPECT_EQ(Exact("softplus", infinity).value.value().ToDouble(), infinity);
  EXPECT_EQ(Exact("log_sigmoid", -infinity).value.value().ToDouble(), -infinity);
  EXPECT_EQ(Exact("mish", infinity).derivative.value().ToDouble(), 1);
  EXPECT_TRUE(std::signbit(Exact("mish", -infinity).value.value().ToDouble()));
  EXPECT_EQ(Exact("tanh_shrink", -infinity).value.value().ToDouble(), -infinity);
  EXPECT_EQ(Exact("tanh_shrink", infinity).derivative.value().ToDouble(), 1);
  EXPECT_EQ(Exact("tanh", 1e38).value.value().ToDouble(), 1);
  EXPECT_EQ(Exact("tanh", 1e38).derivative.value().ToDouble(), 0);
}

TEST(ReferenceTest, OfGatedUnitsAnInfiniteXOutweighsAFiniteGateAndAnInfiniteGateX) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto exact = [](const char* name, double x, double gate) {
    const double inputs[] = {x, gate};
    return Reference(**Catalog::FindActivation(name), Direction::kForward, Dtype::kF16, {}).Evaluate(inputs).high;
  };
  for (const char* name : {"glu", "geglu", "swiglu"}) {
    EXPECT_LT(std::fabs(exact(name, 60000, -3000)), 1e-100) << name;
    EXPECT_TRUE(std::isinf(exact(name, infinity, -3000))) << name;
    EXPECT_EQ(exact(name, infinity, -infinity), 0) << name;
    EXPECT_EQ(exact(name, infinity, infinity), infinity) << name;
    EXPECT_EQ(exact(name, 0, infinity), 0) << name;
  }
  EXPECT_EQ(exact("bilinear", infinity, 0), 0);
  EXPECT_TRUE(std::signbit(exact("bilinear", -infinity, 0)));
}

}  // namespace
}  // namespace actbench
