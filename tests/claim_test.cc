// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/claim.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/catalog.h"

namespace actbench {
namespace {

constexpr ClaimScope kAnyUpstream = {.default_parameters = true, .unit_upstream = false};
constexpr ClaimScope kOtherParameters = {.default_parameters = false, .unit_upstream = true};

Kernel MakeKernel(const std::string& activation, Direction direction, Dtype dtype, const std::string& tier = "fast",
                  const std::string& provider = "actbench") {
  return {activation, direction, dtype, provider, tier, "cpu", "avx2", {}};
}

double MaxUlp(const std::string& activation, Direction direction, Dtype dtype, const ClaimScope& scope = {}) {
  return ClaimOf(MakeKernel(activation, direction, dtype), scope)->max_ulp;
}

TEST(ClaimTest, EveryKernelOfOursClaimsSomethingAndNoPeerDoes) {
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    EXPECT_EQ(ClaimOf(kernel).has_value(), kernel.provider == kOwnProvider) << kernel.Name();
  }
  EXPECT_FALSE(ClaimOf(MakeKernel("silu", Direction::kForward, Dtype::kF32, "fast", "sleef")).has_value());
  EXPECT_FALSE(ClaimOf(MakeKernel("silu", Direction::kForward, Dtype::kF32, "native")).has_value());
}

TEST(ClaimTest, FastKernelsClaimTwoUlpAndThoseOf16BitsNearlyHalfOfOne) {
  for (const Direction direction : {Direction::kForward, Direction::kGradient}) {
    for (const Dtype dtype : {Dtype::kF64, Dtype::kF32}) EXPECT_EQ(MaxUlp("silu", direction, dtype), 2);
    for (const Dtype dtype : {Dtype::kF16, Dtype::kBF16}) EXPECT_EQ(MaxUlp("gelu_erf", direction, dtype), 0.51);
    EXPECT_EQ(MaxUlp("gelu_erf", direction, Dtype::kF32, kOtherParameters), 2);
    EXPECT_FALSE(ClaimOf(MakeKernel("silu", direction, Dtype::kF32))->correctly_rounded);
  }
}

TEST(ClaimTest, InF64GatedUnitsClaimLess) {
  EXPECT_EQ(MaxUlp("geglu", Direction::kGradient, Dtype::kF64), 3);
  EXPECT_EQ(MaxUlp("swiglu", Direction::kForward, Dtype::kF64), 3);
  EXPECT_TRUE(ClaimOf(MakeKernel("gelu_erf", Direction::kGradient, Dtype::kF64))->everywhere);
  EXPECT_TRUE(ClaimOf(MakeKernel("swiglu", Direction::kForward, Dtype::kF64))->everywhere);
  EXPECT_FALSE(ClaimOf(MakeKernel("swiglu", Direction::kGradient, Dtype::kF64))->everywhere);
  EXPECT_TRUE(ClaimOf(MakeKernel("swiglu", Direction::kGradient, Dtype::kF32))->everywhere);
}

TEST(ClaimTest, ExactKernelsClaimCorrectRoundingAtTheirDefaultsAndDyOfOne) {
  for (const Direction direction : {Direction::kForward, Direction::kGradient}) {
    const Kernel kernel = MakeKernel("swish", direction, Dtype::kF32, "exact");
    EXPECT_TRUE(ClaimOf(kernel)->correctly_rounded);
    EXPECT_FALSE(ClaimOf(kernel, kOtherParameters)->correctly_rounded);
    EXPECT_EQ(ClaimOf(kernel, kAnyUpstream)->correctly_rounded, direction == Direction::kForward);
    EXPECT_FALSE(ClaimOf(MakeKernel("swiglu", direction, Dtype::kF32, "exact"))->correctly_rounded);
    for (const ClaimScope& scope : {ClaimScope{}, kOtherParameters, kAnyUpstream}) {
      EXPECT_EQ(ClaimOf(kernel, scope)->max_ulp, 0.5000001);
      EXPECT_TRUE(ClaimOf(kernel, scope)->everywhere);
    }
  }
}

TEST(ClaimTest, TheProductOfAFastGradientWithDyIsClaimedWhereFPrimeIsNormal) {
  EXPECT_EQ(MaxUlp("silu", Direction::kGradient, Dtype::kF32, kAnyUpstream), 4.5);
  EXPECT_EQ(MaxUlp("silu", Direction::kGradient, Dtype::kF64, kAnyUpstream), 4.5);
  EXPECT_EQ(MaxUlp("silu", Direction::kGradient, Dtype::kBF16, kAnyUpstream), 0.51);
  EXPECT_EQ(MaxUlp("silu", Direction::kForward, Dtype::kF32, kAnyUpstream), 2);
  EXPECT_FALSE(ClaimOf(MakeKernel("silu", Direction::kGradient, Dtype::kF32), kAnyUpstream)->everywhere);
  EXPECT_TRUE(ClaimOf(MakeKernel("silu", Direction::kForward, Dtype::kF32), kAnyUpstream)->everywhere);
}

TEST(ClaimTest, IsKeptUpToTheLargestErrorAndWithoutMisroundedResultsWhereThatIsClaimed) {
  const Claim fast = {.max_ulp = 2};
  EXPECT_TRUE(IsKept(fast, 2, 1'000'000));
  EXPECT_FALSE(IsKept(fast, 2.0000001, 0));
  EXPECT_FALSE(IsKept(fast, std::numeric_limits<double>::infinity(), 1));
  const Claim exact = {.max_ulp = 0.5000001, .correctly_rounded = true};
  EXPECT_TRUE(IsKept(exact, 0.5, 0));
  EXPECT_FALSE(IsKept(exact, 0.5, 1)) << "as a zero of the wrong sign";
}

}  // namespace
}  // namespace actbench
