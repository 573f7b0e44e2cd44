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

TEST(ArgumentsTest, NumbersOfNarrowDtypesAreRoundedOnce) {
  const auto rounded = [](const std::string& text, Dtype dtype) {
    uint64_t bits = 0;
    StoreElement(dtype, *ParseNumber(text, dtype), &bits);
    return LoadElement(dtype, &bits);
  };
  // Just above and below the middle of two neighbours, nearer to it than a double is, and exactly there.
  EXPECT_EQ(rounded("1.00000005960464477539062500000000000000001", Dtype::kF32), 1 + 0x1p-23);
  EXPECT_EQ(rounded("1.00000005960464477539062499999999999999999", Dtype::kF32), 1);
  EXPECT_EQ(rounded("1.000000059604644775390625", Dtype::kF32), 1);
  EXPECT_EQ(rounded("-1.00000005960464477539062500000000000000001", Dtype::kF32), -1 - 0x1p-23);
  EXPECT_EQ(rounded("1.00048828125000000000000000001", Dtype::kF16), 1 + 0x1p-10);
  EXPECT_EQ(rounded("1.00390625000000000000000000001", Dtype::kBF16), 1 + 0x1p-7);
  EXPECT_EQ(rounded("0x1.0000010000000000000001p0", Dtype::kF32), 1 + 0x1p-23);
  EXPECT_EQ(rounded("1e400", Dtype::kF32), HUGE_VAL);
  EXPECT_EQ(rounded("-1e-400", Dtype::kF32), 0);
  EXPECT_TRUE(std::signbit(rounded("-1e-400", Dtype::kF16)));
  EXPECT_TRUE(std::isnan(rounded("nan", Dtype::kF16)));
  EXPECT_EQ(*ParseNumber("1.1", Dtype::kF64), 1.1);
  EXPECT_FALSE(ParseNumber("one", Dtype::kF32).ok());
}

TEST(ArgumentsTest, EachFlagHasOneParameterOrSeveralWithCommas) {
  CLI::App app;
  std::vector<std::string> texts;
  std::string rest;
  AddParameterFlag(app, texts);
  app.add_option("REST", rest);
  EXPECT_EQ(app.help().find("..."), std::string::npos) << app.help();
  app.parse("--param alpha=1 --param beta=2,gamma=3 rest");
  EXPECT_THAT(texts, ElementsAre("alpha=1", "beta=2", "gamma=3"));
  EXPECT_EQ(rest, "rest");
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
