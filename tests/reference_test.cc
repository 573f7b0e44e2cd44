// SPDX-License-Identifier: Apache-2.0
// The definitions against witnesses of other origin: anchors computed by mpmath, MPFR's own functions, identities, and
// each other in two number types.
#include "kernels/accuracy/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/catalog.h"
#include "tests/kernel_run.h"
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

// The definition at default parameters, differentiated by input number `by`.
template <class T>
Dual<T> Evaluate(const ActivationInfo& activation, const std::vector<T>& inputs, size_t by) {
  return DefinitionOf<T>(activation)(ResolveParameters(activation, {})->data(), inputs.data(), by);
}

// The same where `x` is that input, beside 0.7 for another.
template <class T>
Dual<T> Along(const ActivationInfo& activation, const T& x, size_t by) {
  std::vector<T> inputs(activation.inputs, T(0.7));
  inputs[by] = x;
  return Evaluate(activation, inputs, by);
}

Dual<BigFloat> Exact(std::string_view name, double x) {
  return Along(**Catalog::FindActivation(name), ReferenceInput<BigFloat>(x), 0);
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
  for (const ActivationInfo* activation : AllActivations()) {
    for (size_t by = 0; by < activation->inputs; ++by) {
      const auto at = [&](const BigFloat& x) { return Along(*activation, x, by); };
      for (double x : {-30.3, -4.25, -2.9, -0.3, 0.001, 0.7, 2.9, 5.1, 7.7, 30.3}) {
        const BigFloat quotient = (at(BigFloat(x) + step).value - at(BigFloat(x) - step).value) / (2 * step);
        const BigFloat derivative = at(x).derivative;
        EXPECT_TRUE(abs(quotient - derivative) <= scalbln(abs(derivative), -150))
            << activation->name << " by input " << by << " at " << x;
      }
    }
  }
}

// Whether `a` is as near to `b` as a float's error asks. Values below 2^-200 are 0 to every dtype that long double
// serves, and those above 2^200 infinity.
bool IsGoodEnough(long double a, const BigFloat& b, double absolute) {
  const auto high = static_cast<double>(a);
  const BigFloat difference = abs(BigFloat(high) + BigFloat(static_cast<double>(a - high)) - b);
  const bool both_tiny = std::fabs(high) < 0x1p-200 && abs(b) < BigFloat(0x1p-200);
  const bool both_huge = std::fabs(a) > 0x1p200L && abs(b) > BigFloat(0x1p200);
  return both_tiny || both_huge || difference <= abs(b) * BigFloat(0x1p-48) + BigFloat(absolute);
}

TEST(ReferenceTest, LongDoubleIsGoodEnoughForFloats) {
  for (const ActivationInfo* activation : AllActivations()) {
    for (const Point& point : Points(Dtype::kF32, *activation, Samples(Dtype::kF32, *activation, 300))) {
      if (std::any_of(point.begin(), point.end(), [](double x) { return std::isnan(x); })) continue;
      std::vector<long double> narrow_inputs;
      std::vector<BigFloat> wide_inputs;
      double size = 1;
      for (double x : point) {
        narrow_inputs.push_back(ReferenceInput<long double>(x));
        wide_inputs.push_back(ReferenceInput<BigFloat>(x));
        size = std::max(size, std::fabs(x));
      }
      for (size_t by = 0; by < activation->inputs; ++by) {
        const Dual<long double> narrow = Evaluate(*activation, narrow_inputs, by);
        const Dual<BigFloat> wide = Evaluate(*activation, wide_inputs, by);
        EXPECT_TRUE(IsGoodEnough(narrow.value, wide.value, 0))
            << activation->name << " at " << testing::PrintToString(point);
        // f' is allowed its cancellation near a zero.
        EXPECT_TRUE(IsGoodEnough(narrow.derivative, wide.derivative, size < 20 ? 0x1p-60 : 0))
            << activation->name << "' by input " << by << " at " << testing::PrintToString(point);
      }
    }
  }
}

// The definition of gelu_tanh is written without the cancellation of the published form.
TEST(ReferenceTest, GeluTanhIsThePublishedForm) {
  const BigFloat::PrecisionScope precision(2000);
  const ActivationInfo& gelu = **Catalog::FindActivation("gelu_tanh");
  const Dual<BigFloat> cubic(BigFloat::FromDecimal("0.044715"), BigFloat(0));
  for (double x : {-20.5, -9.0, -1.0, -1e-9, 0.3, 2.0, 11.0}) {
    const Dual<BigFloat> input(BigFloat(x), BigFloat(1));
    const Dual<BigFloat> u = sqrt(2 / Pi(input)) * (input + cubic * input * input * input);
    const Dual<BigFloat> published = 0.5 * input * (1 + tanh(u));
    const Dual<BigFloat> defined = Along(gelu, BigFloat(x), 0);
    EXPECT_GE(AgreeingBits(defined.value, published.value), 1000) << x;
    EXPECT_GE(AgreeingBits(defined.derivative, published.derivative), 1000) << x;
  }
}

TEST(ReferenceTest, TanhAndSigmoidAgree) {
  for (double x : {-300.0, -2.0, -1e-9, 0.5, 20.0}) {
    const BigFloat from_sigmoid = 2 * Exact("sigmoid", 2 * x).value - 1;
    EXPECT_LT(ilogb(abs(Exact("tanh", x).value - from_sigmoid) + scalbln(BigFloat(1), -400)), -180) << x;
  }
}

TEST(ReferenceTest, GeluErfIsTheNormalDistributionTimesX) {
  // -Phi(-1) by python-mpmath: -ncdf(-1) to 40 digits.
  const BigFloat expected = BigFloat::FromDecimal("-0.1586552539314570514147674543679620775221");
  EXPECT_GE(AgreeingBits(Exact("gelu_erf", -1).value, expected), 125);
}

TEST(ReferenceTest, WhatIsNotInTheListIsNaN) {
  const BigFloat input(1);
  EXPECT_TRUE(std::isnan(
      DefinitionOf<BigFloat>({.name = "nothing", .summary = {}, .source = {}})(nullptr, &input, 0).value.ToDouble()));
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
