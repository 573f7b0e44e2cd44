// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/sweep_distance.h"

#include <gtest/gtest.h>

namespace actbench::cuda {
namespace {

constexpr uint16_t kHalfInfinity = 0x7c00;
constexpr uint32_t kInfinity = 0x7f800000;

void ExpectSteps(uint16_t a, uint16_t b, uint32_t steps) {
  for (const SweepDistance& distance : {DistanceOf(a, b, kHalfInfinity), DistanceOf(b, a, kHalfInfinity)}) {
    EXPECT_TRUE(distance.differ) << a << " and " << b;
    EXPECT_EQ(distance.steps, steps) << a << " and " << b;
  }
}

TEST(SweepDistanceTest, CountsFromOneNumberToTheNext) {
  ExpectSteps(0x3c00, 0x3c01, 1);
  ExpectSteps(0x3bff, 0x3c00, 1);  // where a binade ends
  ExpectSteps(0xbc00, 0xbc03, 3);
  ExpectSteps(0x0001, 0x0000, 1);
  ExpectSteps(0x7bff, 0x7c00, 1);  // the largest and infinity
  ExpectSteps(0x7c00, 0xfc00, 2 * 0x7c00);
}

TEST(SweepDistanceTest, CountsAcrossZeroWhichIsOne) {
  ExpectSteps(0x0001, 0x8001, 2);
  ExpectSteps(0x0000, 0x8001, 1);
  ExpectSteps(0x8000, 0x0001, 1);
}

TEST(SweepDistanceTest, ZerosOfOtherSignsDifferByNoStep) { ExpectSteps(0x0000, 0x8000, 0); }

TEST(SweepDistanceTest, ANanIsFarFromEveryNumberButNotFromANan) {
  for (const uint16_t nan : {0x7c01, 0x7e00, 0xfc01, 0xffff}) {
    for (const uint16_t number : {0x0000, 0x3c00, 0x7c00, 0xfc00}) ExpectSteps(nan, number, 0xffffffffu);
    EXPECT_FALSE(DistanceOf(nan, uint16_t{0x7fff}, kHalfInfinity).differ);
  }
}

TEST(SweepDistanceTest, TheSameDoesNotDiffer) {
  for (const uint16_t bits : {0x0000, 0x8000, 0x3c00, 0x7c00, 0xffff}) {
    EXPECT_FALSE(DistanceOf(bits, bits, kHalfInfinity).differ) << bits;
  }
}

TEST(SweepDistanceTest, F32HasRoomForAllSteps) {
  EXPECT_EQ(DistanceOf(kInfinity, 0x80000000u + kInfinity, kInfinity).steps, 0xff000000u);
  EXPECT_EQ(DistanceOf(0x7fc00000u, 0xff800000u, kInfinity).steps, 0xffffffffu);
  EXPECT_FALSE(DistanceOf(0x7fc00000u, 0xffc00000u, kInfinity).differ);
}

}  // namespace
}  // namespace actbench::cuda
