// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/special_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "kernels/catalog.h"

namespace actbench {
namespace {

std::vector<double> Kinks(const std::string& activation, size_t input = 0) {
  const ActivationInfo& info = **Catalog::FindActivation(activation);
  return KinksOf(info, ResolveParameters(info, {})->data(), input);
}

// The inputs by their names, each of which occurs once.
std::map<std::string, uint64_t> Inputs(const std::string& activation, Dtype dtype) {
  const ActivationInfo& info = **Catalog::FindActivation(activation);
  std::map<std::string, uint64_t> inputs;
  for (const SpecialInput& input : SpecialInputs(info, ResolveParameters(info, {})->data(), 0, dtype)) {
    EXPECT_TRUE(inputs.emplace(input.name, input.bits).second) << input.name;
  }
  return inputs;
}

TEST(SpecialValuesTest, KinksAreWhatTheDefinitionComparesItsInputWith) {
  EXPECT_EQ(Kinks("relu"), std::vector<double>({0}));
  EXPECT_EQ(Kinks("relu6"), std::vector<double>({0, 6}));
  EXPECT_EQ(Kinks("hard_sigmoid"), std::vector<double>({-3, 3}));
  EXPECT_EQ(Kinks("hard_swish"), std::vector<double>({-3, 3}));
  EXPECT_TRUE(Kinks("silu").empty());
  EXPECT_TRUE(Kinks("gelu_erf").empty());
}

TEST(SpecialValuesTest, AnInputThatTheDefinitionDoesNotHaveHasNoKinks) { EXPECT_TRUE(Kinks("relu6", 1).empty()); }

TEST(SpecialValuesTest, TheSpecialNumbersOfADtype) {
  const std::map<std::string, uint64_t> expected = {{"0", 0x0000},
                                                    {"least subnormal", 0x0001},
                                                    {"largest subnormal", 0x03ff},
                                                    {"least normal", 0x0400},
                                                    {"1", 0x3c00},
                                                    {"largest", 0x7bff},
                                                    {"infinity", 0x7c00},
                                                    {"-0", 0x8000},
                                                    {"-least subnormal", 0x8001},
                                                    {"-largest subnormal", 0x83ff},
                                                    {"-least normal", 0x8400},
                                                    {"-1", 0xbc00},
                                                    {"-largest", 0xfbff},
                                                    {"-infinity", 0xfc00},
                                                    {"NaN", 0x7e00}};
  EXPECT_EQ(Inputs("silu", Dtype::kF16), expected);
  // A kink at 0 has its neighbours there already.
  EXPECT_EQ(Inputs("relu", Dtype::kF16), expected);
  EXPECT_EQ(Inputs("silu", Dtype::kF64).at("largest"), 0x7fefffffffffffffu);
  EXPECT_EQ(Inputs("silu", Dtype::kBF16).at("-least normal"), 0x8080u);
}

TEST(SpecialValuesTest, KinksHaveTheirNeighboursInOrderOfTheNumbers) {
  const std::map<std::string, uint64_t> inputs = Inputs("hard_swish", Dtype::kF32);
  EXPECT_EQ(inputs.size(), 15u + 6u);
  EXPECT_EQ(inputs.at("kink 3, next below"), 0x403fffffu);
  EXPECT_EQ(inputs.at("kink 3"), 0x40400000u);
  EXPECT_EQ(inputs.at("kink 3, next above"), 0x40400001u);
  EXPECT_EQ(inputs.at("kink -3, next below"), 0xc0400001u);
  EXPECT_EQ(inputs.at("kink -3"), 0xc0400000u);
  EXPECT_EQ(inputs.at("kink -3, next above"), 0xc03fffffu);
}

}  // namespace
}  // namespace actbench
