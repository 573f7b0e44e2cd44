// SPDX-License-Identifier: Apache-2.0
#include "client/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(ArgumentsTest, NumbersAreDecimalHexadecimalOrNotFinite) {
  EXPECT_EQ(*ParseNumber(" 1.5 "), 1.5);
  EXPECT_EQ(*ParseNumber("-0x1.8p1"), -3);
  EXPECT_EQ(*ParseNumber("1e400"), HUGE_VAL);
  EXPECT_TRUE(std::isnan(*ParseNumber("nan")));
  for (const std::string text : {"", "one", "1x", "1 2"}) EXPECT_FALSE(ParseNumber(text).ok()) << text;
}

TEST(ArgumentsTest, ParametersHaveNamesAndNumbers) {
  EXPECT_THAT(*ParseParameters({"alpha=0x1p-1", "beta=-2"}),
              UnorderedElementsAre(Pair("alpha", 0.5), Pair("beta", -2)));
  EXPECT_THAT(std::string(ParseParameters({"a=1", "a=2"}).status().message()), HasSubstr("more than once"));
  for (const std::string text : {"alpha", "=1", "alpha=", "alpha=1=2"}) {
    EXPECT_THAT(std::string(ParseParameters({text}).status().message()), HasSubstr("NAME=NUMBER")) << text;
  }
}

TEST(ArgumentsTest, ListsHaveCommas) {
  EXPECT_THAT(*ParseList("f32, f16", "--dtype"), ElementsAre("f32", "f16"));
  for (const std::string text : {"", ",", "f32,", "f32,,f16"}) {
    EXPECT_THAT(std::string(ParseList(text, "--dtype").status().message()), HasSubstr("--dtype")) << text;
  }
}

TEST(ArgumentsTest, DirectionsAndDtypesAreThoseThatExist) {
  EXPECT_EQ(*ParseDirectionFlag("gradient", "--direction"), v1::DIRECTION_GRADIENT);
  EXPECT_EQ(*ParseDtypeFlag("bf16", "--dtype"), v1::DTYPE_BF16);
  EXPECT_THAT(std::string(ParseDtypeFlag("f8", "--dtype").status().message()), HasSubstr("f64"));
  EXPECT_THAT(std::string(ParseDirectionFlag("", "--direction").status().message()), HasSubstr("forward, gradient"));
}

}  // namespace
}  // namespace actbench::client
