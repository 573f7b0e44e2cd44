// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "client/study/digits.h"

namespace actbench::client {
namespace {

TEST(DigitsTest, EveryFifthImageIsHeldOut) {
  const Digits digits = LoadDigits();
  EXPECT_EQ(digits.train.pixels.cols(), 1437);
  EXPECT_EQ(digits.train.labels.size(), 1437);
  EXPECT_EQ(digits.held_out.pixels.cols(), 360);
  EXPECT_EQ(digits.held_out.labels.size(), 360);
  // The file begins with 0, 1, 2 ... 9, 0.
  EXPECT_EQ(digits.held_out.labels[0], 0);
  EXPECT_EQ(digits.held_out.labels[1], 5);
  EXPECT_EQ(digits.train.labels[0], 1);
  EXPECT_EQ(digits.train.labels[4], 6);
}

TEST(DigitsTest, EachClassHasItsShare) {
  const Digits digits = LoadDigits();
  for (const Images* images : {&digits.train, &digits.held_out}) {
    for (uint8_t digit = 0; digit < kClasses; ++digit) {
      const auto count = std::count(images->labels.begin(), images->labels.end(), digit);
      EXPECT_GT(static_cast<double>(count), 0.07 * static_cast<double>(images->labels.size())) << int{digit};
    }
  }
}

TEST(DigitsTest, PixelsHaveMeanZeroAndDeviationOne) {
  const Images train = LoadDigits().train;
  const double mean = train.pixels.cast<double>().mean();
  EXPECT_NEAR(mean, 0, 1e-6);
  EXPECT_NEAR(std::sqrt((train.pixels.cast<double>().array() - mean).square().mean()), 1, 1e-6);
}

}  // namespace
}  // namespace actbench::client
