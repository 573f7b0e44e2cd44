// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "client/study/quantizer.h"

namespace actbench::client {
namespace {

const NarrowFormat& Named(const std::string& name) {
  return *std::find_if(NarrowFormats().begin(), NarrowFormats().end(),
                       [&](const NarrowFormat& format) { return format.name == name; });
}

float Rounded(const std::string& name, float value, float scale = 1) { return Narrowed(Named(name), scale, value); }

TEST(QuantizerTest, HalvesAreRoundedToNearestEven) {
  EXPECT_EQ(Rounded("f16", 1.0f + 0x1p-11f), 1);
  EXPECT_EQ(Rounded("f16", 1.0f + 0x1.8p-10f), 1.0f + 0x1p-9f);
  EXPECT_EQ(Rounded("bf16", 1.0f + 0x1p-8f), 1);
  EXPECT_EQ(Rounded("f16", 70000), std::numeric_limits<float>::infinity());
}

TEST(QuantizerTest, E4M3HasThreeBitsAndEndsAt448) {
  EXPECT_EQ(Rounded("fp8", 1.0625f), 1);      // a tie
  EXPECT_EQ(Rounded("fp8", 1.1875f), 1.25f);  // the next one
  EXPECT_EQ(Rounded("fp8", 17), 16);
  EXPECT_EQ(Rounded("fp8", 15.9f), 16) << "into the next binade";
  EXPECT_EQ(Rounded("fp8", 448), 448);
  EXPECT_EQ(Rounded("fp8", 1e9f), 448);
  EXPECT_EQ(Rounded("fp8", -1e9f), -448);
  EXPECT_EQ(Rounded("fp8", 0x1p-9f), 0x1p-9f) << "the least subnormal number";
  EXPECT_EQ(Rounded("fp8", 0x1p-10f), 0);
  EXPECT_EQ(Rounded("fp8", 0x1.8p-10f), 0x1p-9f);
  EXPECT_EQ(Rounded("fp8", 0), 0);
}

// All of e4m3, made from its bits.
TEST(QuantizerTest, E4M3KeepsEachOfItsNumbers) {
  for (int exponent = 0; exponent < 16; ++exponent) {
    for (int significand = 0; significand < 8; ++significand) {
      if (exponent == 15 && significand == 7) continue;  // NaN
      const float value = exponent == 0 ? std::ldexp(static_cast<float>(significand), -9)
                                        : std::ldexp(static_cast<float>(8 + significand), exponent - 10);
      EXPECT_EQ(Rounded("fp8", value), value);
      EXPECT_EQ(Rounded("fp8", -value), -value);
    }
  }
}

TEST(QuantizerTest, IntegersAreStepsOfTheScale) {
  EXPECT_EQ(Rounded("i8", 0.6f, 0.5f), 0.5f);
  EXPECT_EQ(Rounded("i8", 0.75f, 0.5f), 1.0f) << "1.5 steps: the even one";
  EXPECT_EQ(Rounded("i8", 1000, 0.5f), 63.5f);
  EXPECT_EQ(Rounded("i8", -1000, 0.5f), -63.5f);
  EXPECT_EQ(Rounded("i3", 10, 1), 3);
}

TEST(QuantizerTest, TheScaleMakesTheGreatestFit) {
  for (const NarrowFormat& format : NarrowFormats()) {
    const float scale = ScaleFor(format, 11.5f);
    if (format.scaled()) {
      EXPECT_NEAR(Narrowed(format, scale, 11.5f), 11.5f, 1e-5f) << format.name;
      EXPECT_LT(Narrowed(format, scale, 20), 11.6f) << format.name;
    } else {
      EXPECT_EQ(scale, 1) << format.name;
    }
    EXPECT_EQ(ScaleFor(format, 0), 1) << format.name;
    EXPECT_TRUE(std::isnan(Narrowed(format, 1, std::numeric_limits<float>::quiet_NaN()))) << format.name;
  }
}

}  // namespace
}  // namespace actbench::client
