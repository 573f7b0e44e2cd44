// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/architectures.h"

#include <gtest/gtest.h>

namespace actbench::cuda {
namespace {

TEST(ArchitecturesTest, MachineCodeRunsOnItsGeneration) {
  EXPECT_TRUE(HaveCodeFor("86-real", 8, 6));
  EXPECT_TRUE(HaveCodeFor("86-real", 8, 9));
  EXPECT_FALSE(HaveCodeFor("86-real", 8, 0));
  EXPECT_FALSE(HaveCodeFor("86-real", 9, 0));
  EXPECT_TRUE(HaveCodeFor("100-real", 10, 3));
  EXPECT_FALSE(HaveCodeFor("100-real", 12, 0));
}

TEST(ArchitecturesTest, OtherCodeIsTranslatedForWhatComesAfter) {
  EXPECT_TRUE(HaveCodeFor("75-virtual,90-real", 7, 5));
  EXPECT_TRUE(HaveCodeFor("75-virtual,90-real", 12, 0));
  EXPECT_FALSE(HaveCodeFor("75-virtual,90-real", 7, 0));
  EXPECT_TRUE(HaveCodeFor("80", 9, 0));
  EXPECT_FALSE(HaveCodeFor("80", 7, 5));
}

TEST(ArchitecturesTest, CodeOfOneDeviceRunsOnThatAlone) {
  EXPECT_TRUE(HaveCodeFor("90a-real", 9, 0));
  EXPECT_FALSE(HaveCodeFor("90a", 10, 0));
  EXPECT_TRUE(HaveCodeFor("100f-real", 10, 3));
  EXPECT_FALSE(HaveCodeFor("100f-real", 12, 0));
}

TEST(ArchitecturesTest, WordsFit) { EXPECT_TRUE(HaveCodeFor("native", 8, 9)); }

}  // namespace
}  // namespace actbench::cuda
