// SPDX-License-Identifier: Apache-2.0
// Our own kernels, loaded as plug-ins beside those that are built in.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/plugins.h"
#include "tests/our_kernels.h"
#include "tests/temporary_directory.h"

namespace actbench {
namespace {

// Two builds: the same one from two files.
class OwnPluginTest : public testing::Test {
 protected:
  OwnPluginTest() {
    const std::string copy = directory_.path() + "/copy.so";
    std::filesystem::copy_file(ACTBENCH_OWN_PLUGIN, copy);
    const std::vector<std::string> plugins = {"base=" ACTBENCH_OWN_PLUGIN, "head=" + copy};
    auto catalog = MakeCatalog(plugins);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    if (catalog.ok()) catalog_ = *std::move(catalog);
  }

  std::vector<const Kernel*> KernelsOf(const std::string& provider) const {
    std::vector<const Kernel*> kernels;
    for (const Kernel& kernel : catalog_->kernels()) {
      if (kernel.provider == provider) kernels.push_back(&kernel);
    }
    return kernels;
  }

  const TemporaryDirectory directory_;
  std::shared_ptr<const Catalog> catalog_;
};

TEST_F(OwnPluginTest, HasEveryKernelOfOursInTheSameOrder) {
  ASSERT_NE(catalog_, nullptr);
  for (const std::string provider : {"base", "head"}) {
    std::vector<std::string> expected;
    for (Kernel kernel : catalog_->kernels()) {
      if (kernel.provider != kOwnProvider) continue;
      kernel.provider = provider;
      expected.push_back(kernel.Name());
    }
    std::vector<std::string> names;
    for (const Kernel* kernel : KernelsOf(provider)) names.push_back(kernel->Name());
    EXPECT_GT(names.size(), 100u);
    EXPECT_EQ(names, expected);
  }
}

TEST_F(OwnPluginTest, KernelsGiveTheBitsOfThoseThatAreBuiltIn) {
  ASSERT_NE(catalog_, nullptr);
  const std::vector<const Kernel*> ours = KernelsOf(std::string(kOwnProvider));
  const std::vector<const Kernel*> base = KernelsOf("base");
  const std::vector<const Kernel*> head = KernelsOf("head");
  ASSERT_EQ(base.size(), ours.size());
  ASSERT_EQ(head.size(), ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const TestedKernel kernel(*ours[i]);
    const Buffers inputs =
        Pack(kernel.dtype(), WithUpstream(kernel, Points(kernel.dtype(), kernel.activation(), {-2.5, -0.1, 0, 3}), 1));
    const Buffers expected = kernel.Run(inputs);
    EXPECT_EQ(TestedKernel(*base[i]).Run(inputs), expected) << ours[i]->Name();
    EXPECT_EQ(TestedKernel(*head[i]).Run(inputs), expected) << ours[i]->Name();
    // Each its own code.
    EXPECT_NE(base[i]->functions.run, ours[i]->functions.run);
    EXPECT_NE(base[i]->functions.run, head[i]->functions.run);
  }
}

TEST_F(OwnPluginTest, ItsOwnNameIsNotThatOfTheKernelsThatAreBuiltIn) {
  const auto catalog = MakeCatalog(std::vector<std::string>{ACTBENCH_OWN_PLUGIN});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ((*catalog)->plugins()[0].provider, "actbench_plugin");
}

TEST_F(OwnPluginTest, ExportsOneFunctionAlone) {
  FILE* const nm = ::popen("nm -D --defined-only " ACTBENCH_OWN_PLUGIN, "r");
  ASSERT_NE(nm, nullptr);
  std::string symbols;
  std::array<char, 256> line;
  while (std::fgets(line.data(), line.size(), nm) != nullptr) symbols += line.data();
  ASSERT_EQ(::pclose(nm), 0);
  EXPECT_EQ(symbols.substr(symbols.find(' ') + 1), "T actbench_plugin\n");
}

}  // namespace
}  // namespace actbench
