// SPDX-License-Identifier: Apache-2.0
// Files and errors are tested by accuracy_command_test.py.
#include "client/accuracy_inputs.h"

#include <gtest/gtest.h>

namespace actbench::client {
namespace {

v1::InputPlan PlanFor(const InputFlags& flags, v1::Direction direction, v1::Dtype dtype, int input_count) {
  return *AccuracyInputs::Load(flags)->PlanFor(direction, dtype, input_count);
}

TEST(AccuracyInputsTest, ByDefaultAllInputsOf16BitsAndSamplesOfOthers) {
  for (const v1::Dtype dtype : {v1::DTYPE_F16, v1::DTYPE_BF16}) {
    const v1::InputPlan forward = PlanFor({}, v1::DIRECTION_FORWARD, dtype, 1);
    EXPECT_TRUE(forward.has_exhaustive());
    EXPECT_FALSE(forward.exhaustive().unit_upstream());
    EXPECT_TRUE(PlanFor({}, v1::DIRECTION_GRADIENT, dtype, 1).exhaustive().unit_upstream());
  }
  for (const v1::Dtype dtype : {v1::DTYPE_F64, v1::DTYPE_F32}) {
    EXPECT_TRUE(PlanFor({}, v1::DIRECTION_FORWARD, dtype, 1).has_sampled());
  }
}

TEST(AccuracyInputsTest, ByDefaultSamplesWhereThereIsAGate) {
  for (const v1::Direction direction : {v1::DIRECTION_FORWARD, v1::DIRECTION_GRADIENT}) {
    EXPECT_TRUE(PlanFor({}, direction, v1::DTYPE_F16, 2).has_sampled());
    EXPECT_TRUE(PlanFor({.exhaustive = true}, direction, v1::DTYPE_F16, 2).has_exhaustive()) << "as was asked for";
  }
}

TEST(AccuracyInputsTest, AllPairsOfXAndGateAreTooManyBut16BitsWithoutDy) {
  const auto ask_too_much = [](const InputFlags& flags, v1::Direction direction, v1::Dtype dtype, int input_count) {
    return AccuracyInputs::Load(flags)->AskTooMuch(direction, dtype, input_count);
  };
  const InputFlags all = {.exhaustive = true};
  const InputFlags unit = {.exhaustive = true, .unit_upstream = true};
  EXPECT_TRUE(ask_too_much(all, v1::DIRECTION_FORWARD, v1::DTYPE_F32, 2));
  EXPECT_TRUE(ask_too_much(unit, v1::DIRECTION_GRADIENT, v1::DTYPE_F32, 2));
  EXPECT_TRUE(ask_too_much(all, v1::DIRECTION_GRADIENT, v1::DTYPE_F16, 2));
  EXPECT_FALSE(ask_too_much(unit, v1::DIRECTION_GRADIENT, v1::DTYPE_F16, 2));
  EXPECT_FALSE(ask_too_much(all, v1::DIRECTION_FORWARD, v1::DTYPE_F16, 2));
  EXPECT_FALSE(ask_too_much(all, v1::DIRECTION_FORWARD, v1::DTYPE_F32, 1));
  EXPECT_FALSE(ask_too_much({}, v1::DIRECTION_FORWARD, v1::DTYPE_F32, 2));
}

TEST(AccuracyInputsTest, AllPairsOrDyOf1AsTheFlagsSay) {
  const InputFlags all = {.exhaustive = true};
  const InputFlags unit = {.exhaustive = true, .unit_upstream = true};
  EXPECT_FALSE(PlanFor(all, v1::DIRECTION_GRADIENT, v1::DTYPE_BF16, 1).exhaustive().unit_upstream());
  EXPECT_TRUE(PlanFor(unit, v1::DIRECTION_GRADIENT, v1::DTYPE_BF16, 1).exhaustive().unit_upstream());
  EXPECT_FALSE(PlanFor(unit, v1::DIRECTION_FORWARD, v1::DTYPE_BF16, 1).exhaustive().unit_upstream());
}

TEST(AccuracyInputsTest, SamplesOfGradientsWithDyOf1AsTheFlagsSay) {
  const InputFlags unit = {.unit_upstream = true};
  EXPECT_TRUE(PlanFor(unit, v1::DIRECTION_GRADIENT, v1::DTYPE_F32, 1).sampled().unit_upstream());
  EXPECT_TRUE(PlanFor(unit, v1::DIRECTION_GRADIENT, v1::DTYPE_BF16, 2).sampled().unit_upstream());
  EXPECT_FALSE(PlanFor(unit, v1::DIRECTION_FORWARD, v1::DTYPE_F32, 1).sampled().unit_upstream());
  EXPECT_FALSE(PlanFor({}, v1::DIRECTION_GRADIENT, v1::DTYPE_F32, 1).sampled().unit_upstream());
}

TEST(AccuracyInputsTest, SamplesAsTheFlagsSay) {
  const v1::InputPlan plan =
      PlanFor({.samples = 7, .distribution = "tails", .seed = 9}, v1::DIRECTION_FORWARD, v1::DTYPE_F16, 1);
  EXPECT_EQ(plan.sampled().count(), 7);
  EXPECT_EQ(plan.sampled().distribution(), "tails");
  EXPECT_EQ(plan.sampled().seed(), 9U);
}

}  // namespace
}  // namespace actbench::client
