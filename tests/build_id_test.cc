// SPDX-License-Identifier: Apache-2.0
#include "server/build_id.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <string>

#include "kernels/accuracy/reference.h"
#include "kernels/catalog.h"

namespace actbench {
namespace {

TEST(BuildIdTest, HasTheHashOfTheKernelsThatAreLinked) {
  FILE* const sha256sum = ::popen("sha256sum " ACTBENCH_KERNEL_LIBRARY, "r");
  ASSERT_NE(sha256sum, nullptr);
  std::array<char, 16> digits = {};
  EXPECT_EQ(std::fread(digits.data(), 1, digits.size(), sha256sum), digits.size());
  while (std::fgetc(sha256sum) != EOF) {
  }
  ASSERT_EQ(::pclose(sha256sum), 0);
  EXPECT_EQ(KernelBuildId(), BuildIdOf(std::string(digits.data(), digits.size()), CalledLibraries()));
  EXPECT_EQ(KernelBuildId().size(), 16u);
}

TEST(BuildIdTest, HasTheLibrariesThatTheKernelsCall) {
  // Which links them.
  ASSERT_FALSE(Catalog::Default().kernels().empty());
  ASSERT_NE(DefinitionsOf(*AllActivations()[0]).big, nullptr);
  const std::map<std::string, std::string> libraries = CalledLibraries();
  for (const char* file : {"libm.so.", "libmpfr.so.", "libsleef.so."}) {
    const auto found = libraries.lower_bound(file);
    ASSERT_TRUE(found != libraries.end() && found->first.starts_with(file)) << file;
    EXPECT_GE(found->second.size(), 16u) << file;
  }
}

TEST(BuildIdTest, ChangesWithEachLibrary) {
  const std::string id = BuildIdOf("0123456789abcdef", {{"libm.so.6", "01"}, {"libsleef.so.3", "02"}});
  EXPECT_NE(id, BuildIdOf("0123456789abcdee", {{"libm.so.6", "01"}, {"libsleef.so.3", "02"}}));
  EXPECT_NE(id, BuildIdOf("0123456789abcdef", {{"libm.so.6", "01"}, {"libsleef.so.3", "03"}}));
  EXPECT_NE(id, BuildIdOf("0123456789abcdef", {{"libm.so.6", "01"}}));
}

}  // namespace
}  // namespace actbench
