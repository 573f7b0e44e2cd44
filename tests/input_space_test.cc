// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/input_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/tally.h"
#include "kernels/catalog.h"

namespace actbench {
namespace {

InputSpace Make(const InputPlan& plan, Direction direction, Dtype dtype, size_t inputs = 1) {
  ActivationInfo activation = **Catalog::FindActivation("silu");
  activation.inputs = inputs;
  return *InputSpace::Make(plan, activation, direction, dtype);
}

double ValueAt(const InputSpace& space, uint64_t index, Dtype dtype, size_t input = 0) {
  const uint64_t bits = space.At(index)[input];
  return LoadElement(dtype, &bits);
}

// What Fill gives for inputs [start, start + n) is what At does.
void ExpectFilled(const InputSpace& space, Dtype dtype, uint64_t start, size_t n) {
  std::vector<std::vector<char>> arrays(3, std::vector<char>(n * SizeBytes(dtype)));
  char* const data[] = {arrays[0].data(), arrays[1].data(), arrays[2].data()};
  space.Fill(start, n, data);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < space.input_count(); ++k) {
      ASSERT_EQ(LoadBits(dtype, data[k] + i * SizeBytes(dtype)), space.At(start + i)[k]) << start + i << " " << k;
    }
  }
}

TEST(InputSpaceTest, UpstreamGradientsVaryInPairsAlone) {
  EXPECT_TRUE(Make(ExhaustiveInputs{}, Direction::kGradient, Dtype::kBF16).upstream_varies());
  EXPECT_FALSE(Make(ExhaustiveInputs{.unit_upstream = true}, Direction::kGradient, Dtype::kBF16).upstream_varies());
  EXPECT_FALSE(Make(ExhaustiveInputs{}, Direction::kGradient, Dtype::kF32).upstream_varies());
  EXPECT_FALSE(Make(ExhaustiveInputs{}, Direction::kForward, Dtype::kF16, 2).upstream_varies());
  EXPECT_FALSE(Make(SampledInputs{.count = 5}, Direction::kGradient, Dtype::kF16).upstream_varies());
}

TEST(InputSpaceTest, SampledUpstreamGradientsAreOneInEveryFourthUnlessInAll) {
  const auto ones = [](bool unit_upstream) {
    const SampledInputs plan = {.count = 4000, .unit_upstream = unit_upstream};
    const InputSpace space = Make(plan, Direction::kGradient, Dtype::kF32);
    size_t count = 0;
    for (uint64_t i = 0; i < space.size(); ++i) count += ValueAt(space, i, Dtype::kF32, 1) == 1 ? 1 : 0;
    return count;
  };
  EXPECT_EQ(ones(false), 1000u);
  EXPECT_EQ(ones(true), 4000u);
}

TEST(InputSpaceTest, AllInputsComeOnceInAscendingOrder) {
  for (const Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    const InputSpace space = Make(ExhaustiveInputs{}, Direction::kForward, dtype);
    ASSERT_EQ(space.size(), 65536u);
    EXPECT_TRUE(space.exhaustive());
    EXPECT_EQ(space.input_count(), 1u);
    std::vector<bool> seen(65536);
    double previous = NAN;
    for (uint64_t i = 0; i < space.size(); ++i) {
      seen[space.At(i)[0]] = true;
      const double x = ValueAt(space, i, dtype);
      if (!std::isnan(x) && !std::isnan(previous)) {
        EXPECT_GE(x, previous);
      }
      previous = x;
      EXPECT_EQ(space.FollowsNeighbour(i), i != 0);
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 65536);
  }
  EXPECT_EQ(Make(ExhaustiveInputs{}, Direction::kForward, Dtype::kF32).size(), uint64_t{1} << 32);
}

TEST(InputSpaceTest, AnExhaustiveBlockHasOneSignAndExponentAndIsFilledAsNumbered) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF16, Dtype::kBF16}) {
    const InputSpace space = Make(ExhaustiveInputs{}, Direction::kForward, dtype);
    const uint64_t blocks = space.size() / space.block();
    for (uint64_t block = 0; block < blocks; block += dtype == Dtype::kF32 ? 9973 : 1) {
      const uint64_t start = block * space.block();
      const int shift = Info(dtype).precision - 1;
      EXPECT_EQ(space.At(start)[0] >> shift, space.At(start + space.block() - 1)[0] >> shift);
      ExpectFilled(space, dtype, start, space.block());
    }
  }
}

TEST(InputSpaceTest, GradientsIn16BitsHaveEveryPairUnlessDyIs1) {
  const InputSpace pairs = Make(ExhaustiveInputs{}, Direction::kGradient, Dtype::kBF16);
  EXPECT_EQ(pairs.size(), uint64_t{1} << 32);
  EXPECT_EQ(pairs.input_count(), 2u);
  const uint64_t one = 0x3f80;
  const uint64_t two = 0x4000;
  const uint64_t index = OrdinalOf(one, Dtype::kBF16) * 65536 + OrdinalOf(two, Dtype::kBF16);
  EXPECT_EQ(pairs.At(index), (std::array<uint64_t, 3>{one, two, 0}));
  EXPECT_FALSE(pairs.FollowsNeighbour(index - index % 65536));
  EXPECT_TRUE(pairs.FollowsNeighbour(index));
  for (const uint64_t start : {uint64_t{0}, index - index % kCompareBlock, pairs.size() - kCompareBlock}) {
    ExpectFilled(pairs, Dtype::kBF16, start, kCompareBlock);
  }
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF32}) {
    const InputSpace unit = Make(ExhaustiveInputs{.unit_upstream = dtype == Dtype::kBF16}, Direction::kGradient, dtype);
    EXPECT_EQ(unit.size(), uint64_t{1} << (8 * SizeBytes(dtype)));
    EXPECT_EQ(ValueAt(unit, unit.size() / 3, dtype, 1), 1);
    ExpectFilled(unit, dtype, 7 * unit.block(), unit.block());
  }
}

TEST(InputSpaceTest, WhatWouldBeMoreThan4294967296InputsIsRefused) {
  const ActivationInfo& gated = **Catalog::FindActivation("glu");
  const auto code = [&](Direction direction, Dtype dtype, bool unit_upstream) {
    const ExhaustiveInputs plan{.unit_upstream = unit_upstream};
    return InputSpace::Make(plan, gated, direction, dtype).status().code();
  };
  EXPECT_EQ(code(Direction::kForward, Dtype::kF32, false), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Direction::kGradient, Dtype::kF16, false), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Direction::kGradient, Dtype::kF16, true), absl::StatusCode::kOk);
  EXPECT_EQ(code(Direction::kForward, Dtype::kF16, false), absl::StatusCode::kOk);
  const absl::Status f64 =
      InputSpace::Make(ExhaustiveInputs{}, **Catalog::FindActivation("silu"), Direction::kForward, Dtype::kF64)
          .status();
  EXPECT_EQ(f64.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(f64.message().find("f64 has 2^64 values"), std::string::npos) << f64;
}

TEST(InputSpaceTest, SamplesAreTheSamplersButDyIs1InEveryFourth) {
  const SampledInputs plan{.count = 1000, .distribution = Distribution::kNormal, .seed = 5};
  const InputSpace space = Make(plan, Direction::kGradient, Dtype::kF32, 2);
  const Sampler sampler(plan, **Catalog::FindActivation("silu"), Dtype::kF32);
  EXPECT_EQ(space.size(), 1000u);
  EXPECT_EQ(space.input_count(), 3u);
  EXPECT_FALSE(space.exhaustive());
  for (uint64_t i = 0; i < space.size(); ++i) {
    EXPECT_EQ(space.At(i)[0], sampler.Draw(i, 0));
    EXPECT_EQ(space.At(i)[1], sampler.Draw(i, 1));
    EXPECT_EQ(space.At(i)[2], i % 4 == 0 ? 0x3f800000 : sampler.Draw(i, 2));
  }
  ExpectFilled(space, Dtype::kF32, 0, 1000);
}

TEST(InputSpaceTest, GivenInputsAreTakenAsTheyAre) {
  const std::vector<double> x = {1, -2, 3};
  const std::vector<double> dy = {4, NAN, -0.0};
  const InputSpace space = Make(GivenInputs{{x.data(), dy.data()}, 3}, Direction::kGradient, Dtype::kF64);
  EXPECT_EQ(space.size(), 3u);
  EXPECT_EQ(ValueAt(space, 1, Dtype::kF64, 0), -2);
  EXPECT_TRUE(std::isnan(ValueAt(space, 1, Dtype::kF64, 1)));
  EXPECT_EQ(space.At(2)[1], uint64_t{1} << 63);
  ExpectFilled(space, Dtype::kF64, 0, 3);
}

}  // namespace
}  // namespace actbench
