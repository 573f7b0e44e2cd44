// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proto/kernel.h"

namespace actbench {
namespace {

using testing::ElementsAre;

TEST(KernelTextTest, InputsAreXThenTheGateAndOfGradientsDy) {
  EXPECT_THAT(InputNames(v1::DIRECTION_FORWARD, 1), ElementsAre("x"));
  EXPECT_THAT(InputNames(v1::DIRECTION_FORWARD, 2), ElementsAre("x", "gate"));
  EXPECT_THAT(InputNames(v1::DIRECTION_GRADIENT, 2), ElementsAre("x", "dy"));
  EXPECT_THAT(InputNames(v1::DIRECTION_GRADIENT, 3), ElementsAre("x", "gate", "dy"));
}

TEST(KernelTextTest, ParametersAreSortedByName) {
  google::protobuf::Map<std::string, double> parameters;
  const auto number = [](double value) { return std::to_string(static_cast<int>(value)); };
  EXPECT_EQ(ParametersText(parameters, ", ", number), "");
  parameters["beta"] = 2;
  parameters["alpha"] = -1;
  EXPECT_EQ(ParametersText(parameters, ", ", number), "alpha=-1, beta=2");
}

}  // namespace
}  // namespace actbench
