// SPDX-License-Identifier: Apache-2.0
#include "server/build_id.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "kernels/accuracy/reference.h"
#include "kernels/catalog.h"

namespace actbench {
namespace {

TEST(BuildIdTest, HasTheHashesOfTheKernelsThatAreLinked) {
  FILE* const sha256sum =
      ::popen("sha256sum " ACTBENCH_KERNEL_LIBRARIES " | cut -c1-64 | tr -d '\\n' | sha256sum", "r");
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

TEST(BuildIdTest, OfAPluginChangesWithItsNameAndItsFile) {
  const auto id_of = [](const std::string& provider, const std::string& hash) {
    const std::vector<PluginInfo> plugins = {{provider, "1.0", "x.so", hash, {}}};
    return PluginBuildIds(plugins).at(provider);
  };
  const std::string id = id_of("base", "0123456789abcdef");
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id, id_of("base", "0123456789abcdef"));
  EXPECT_NE(id, id_of("base", "0123456789abcdee"));
  EXPECT_NE(id, id_of("head", "0123456789abcdef"));
  EXPECT_NE(id, KernelBuildId());
  EXPECT_TRUE(PluginBuildIds({}).empty());
}

TEST(BuildIdTest, EachProviderHasItsOwn) {
  const BuildIds ids("0a", {{"base", "1b"}, {"head", "2c"}});
  EXPECT_EQ(ids.Of("actbench"), "0a");
  EXPECT_EQ(ids.Of("head"), "2c");
  EXPECT_EQ(ids.Json(), "[\"0a\",\"1b\",\"2c\"]");
  EXPECT_EQ(BuildIds("0a").Json(), "[\"0a\"]");
}

}  // namespace
}  // namespace actbench
