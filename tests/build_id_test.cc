// SPDX-License-Identifier: Apache-2.0
#include "server/build_id.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace actbench {
namespace {

TEST(BuildIdTest, IsTheHashOfTheKernelsThatAreLinked) {
  FILE* const sha256sum = ::popen("sha256sum " ACTBENCH_KERNEL_LIBRARY, "r");
  ASSERT_NE(sha256sum, nullptr);
  std::array<char, 16> digits = {};
  EXPECT_EQ(std::fread(digits.data(), 1, digits.size(), sha256sum), digits.size());
  while (std::fgetc(sha256sum) != EOF) {
  }
  ASSERT_EQ(::pclose(sha256sum), 0);
  EXPECT_EQ(KernelBuildId(), std::string(digits.data(), digits.size()));
}

}  // namespace
}  // namespace actbench
