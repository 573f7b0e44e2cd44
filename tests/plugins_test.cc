// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/kernel_run.h"
#include "tests/temporary_directory.h"

namespace actbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// Of the plug-in that CMake made of test_plugin.c for `name`.
std::string FileOf(const std::string& name) { return std::string(ACTBENCH_PLUGINS "/") + name + ".so"; }

std::shared_ptr<const Catalog> CatalogOf(const std::vector<std::string>& plugins) {
  auto catalog = MakeCatalog(plugins);
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

// Why these are no plug-ins. The message begins with the last.
std::string ErrorOf(const std::vector<std::string>& plugins, PluginTrial trial = PluginTrial::kFirst) {
  const absl::Status status = MakeCatalog(plugins, {}, trial).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsNotFound(status)) << status;
  const std::string start = "plug-in " + plugins.back() + ": ";
  EXPECT_THAT(std::string(status.message()), StartsWith(start));
  return std::string(status.message().substr(std::min(start.size(), status.message().size())));
}

std::vector<std::string> NamesOf(const Catalog& catalog, const std::string& provider) {
  std::vector<std::string> names;
  for (const Kernel& kernel : catalog.kernels()) {
    if (kernel.provider == provider) names.push_back(kernel.Name());
  }
  return names;
}

TEST(PluginsTest, WithoutPluginsTheCatalogIsTheDefault) {
  EXPECT_EQ(CatalogOf({}).get(), &Catalog::Default());
  EXPECT_THAT(Catalog::Default().plugins(), IsEmpty());
}

TEST(PluginsTest, TheKernelsOfAPluginAreInTheCatalogAfterAllOthers) {
  const auto catalog = CatalogOf({FileOf("good")});
  ASSERT_NE(catalog, nullptr);
  EXPECT_THAT(NamesOf(*catalog, "good"),
              ElementsAre("relu/forward/bf16/good/native/scalar", "leaky_relu/forward/f32/good/native/scalar"));
  EXPECT_EQ(catalog->kernels().size(), Catalog::Default().kernels().size() + 2);
  std::vector<std::string> of_relu;
  for (const Kernel& kernel : catalog->kernels()) {
    if (kernel.activation == "relu") of_relu.push_back(kernel.provider);
  }
  EXPECT_EQ(of_relu.back(), "good");
  EXPECT_THAT(catalog->isas(), Catalog::Default().isas());
  ASSERT_EQ(catalog->plugins().size(), 1u);
  const PluginInfo& plugin = catalog->plugins()[0];
  EXPECT_EQ(plugin.provider, "good");
  EXPECT_EQ(plugin.version, "1.0 of the tests");
  EXPECT_EQ(plugin.file, FileOf("good"));
  EXPECT_THAT(plugin.content_hash, MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(plugin.warnings, IsEmpty());
}

TEST(PluginsTest, AKernelOfAPluginComputesWithItsParameters) {
  const auto catalog = CatalogOf({FileOf("good")});
  const auto kernel = catalog->FindKernel("leaky_relu", Direction::kForward, Dtype::kF32, {.provider = "good"});
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  EXPECT_EQ(TestedKernel(**kernel, {{"negative_slope", 0.25}}).RunOne({-8}), std::vector<double>{-2});
  EXPECT_LE(WorstError(TestedKernel(**kernel), {{-3}, {0}, {1}, {5}}), 1);
  const auto relu = catalog->FindKernel("relu", Direction::kForward, Dtype::kBF16, {.provider = "good"});
  ASSERT_TRUE(relu.ok()) << relu.status();
  EXPECT_EQ(WorstError(TestedKernel(**relu), {{-3}, {0}, {1}, {5}}), 0);
}

TEST(PluginsTest, WhoNamesNoProviderGetsWhatThereWasWithoutPlugins) {
  const auto catalog = CatalogOf({FileOf("good")});
  for (const KernelSelector& selector : {KernelSelector{}, KernelSelector{.isa = "scalar"}}) {
    for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16}) {
      const auto before = Catalog::Default().FindKernel("relu", Direction::kForward, dtype, selector);
      const auto after = catalog->FindKernel("relu", Direction::kForward, dtype, selector);
      ASSERT_TRUE(before.ok() && after.ok());
      EXPECT_EQ((*after)->Name(), (*before)->Name());
    }
  }
}

TEST(PluginsTest, AFileMayHaveSeveralNames) {
  const std::string file = FileOf("good");
  const auto catalog = CatalogOf({"base=" + file, "head=" + file, file});
  ASSERT_NE(catalog, nullptr);
  ASSERT_EQ(catalog->plugins().size(), 3u);
  EXPECT_EQ(catalog->plugins()[0].provider, "base");
  EXPECT_EQ(catalog->plugins()[1].provider, "head");
  EXPECT_EQ(catalog->plugins()[2].provider, "good");
  EXPECT_EQ(catalog->plugins()[0].file, file);
  EXPECT_EQ(catalog->plugins()[0].content_hash, catalog->plugins()[2].content_hash);
  for (const std::string provider : {"base", "head", "good"}) EXPECT_EQ(NamesOf(*catalog, provider).size(), 2u);
}

TEST(PluginsTest, NamesThatAreTakenAreRefused) {
  const std::string file = FileOf("good");
  for (const std::string taken : {"actbench", "libm"}) {
    EXPECT_THAT(ErrorOf({taken + "=" + file}), AllOf(HasSubstr("its name is \"" + taken + "\", but there is"),
                                                     HasSubstr("taken are: actbench, "), HasSubstr("NAME=FILE")));
  }
  EXPECT_THAT(ErrorOf({file, file}), AllOf(HasSubstr("its name is \"good\""), HasSubstr(", good")));
  EXPECT_THAT(ErrorOf({"a=" + file, "a=" + file}), HasSubstr("its name is \"a\""));
}

TEST(PluginsTest, ANameThatIsNoneIsRefusedButAPathMayHaveAnEqualsSign) {
  EXPECT_NE(CatalogOf({"lenient?=" + FileOf("good")}), nullptr);
  EXPECT_THAT(ErrorOf({"Base=" + FileOf("good")}), HasSubstr("the NAME in NAME=FILE is \"Base\""));
  EXPECT_THAT(ErrorOf({"=" + FileOf("good")}), HasSubstr("the NAME in NAME=FILE is \"\""));
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/a=b.so";
  std::filesystem::copy_file(FileOf("good"), file);
  EXPECT_NE(CatalogOf({file}), nullptr);
}

TEST(PluginsTest, AnotherProcessHasTheSameFileOrSaysThatItHasNot) {
  const std::vector<std::string> arguments = {"a=" + FileOf("good"), "b=" + FileOf("good")};
  LoadedPlugins loaded = LoadedOf(arguments, *CatalogOf(arguments));
  EXPECT_EQ(loaded.arguments, arguments);
  EXPECT_EQ(loaded.content_hashes.size(), 2u);
  EXPECT_TRUE(MakeSameCatalog(loaded).ok());
  loaded.content_hashes["b"] = "0123456789abcdef";
  const absl::Status status = MakeSameCatalog(loaded).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("good.so is another file since it was loaded"));
}

TEST(PluginsTest, FilesThatAreNoSharedObjectAreRefused) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/x.so";
  EXPECT_THAT(ErrorOf({file}), HasSubstr("o such file"));
  EXPECT_THAT(ErrorOf({"name=" + file}), HasSubstr("o such file"));
  EXPECT_THAT(ErrorOf({directory.path()}), HasSubstr("no file but a directory"));
  EXPECT_THAT(ErrorOf({"/dev/null"}), HasSubstr("no file but"));
  for (const std::string content :
       {"", "short", "static const struct ActbenchPlugin plugin = { and so on, for as long as a header"}) {
    std::ofstream(file) << content;
    EXPECT_THAT(ErrorOf({file}), AllOf(HasSubstr("it is no shared object"), HasSubstr("docs/plugins.md")));
  }
  EXPECT_THAT(ErrorOf({ACTBENCH_OBJECT_FILE}), AllOf(HasSubstr("it is an object file"), HasSubstr("-shared")));
  EXPECT_THAT(ErrorOf({"/proc/self/exe"}), Not(IsEmpty()));
}

TEST(PluginsTest, AFileForAnotherKindOfProcessorIsRefused) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/x.so";
  std::filesystem::copy_file(FileOf("good"), file);
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  ElfW(Ehdr) header;
  bytes.read(reinterpret_cast<char*>(&header), sizeof(header));
  header.e_machine = header.e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  bytes.seekp(0);
  bytes.write(reinterpret_cast<const char*>(&header), sizeof(header)).flush();
  EXPECT_THAT(ErrorOf({file}), MatchesRegex("it is built for 64-bit (ARM|x86); this program is for 64-bit (x86|ARM)"));
}

TEST(PluginsTest, ADamagedFileIsRefused) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/x.so";
  std::filesystem::copy_file(FileOf("good"), file);
  std::filesystem::resize_file(file, 200);
  EXPECT_THAT(ErrorOf({file}), HasSubstr("cannot be loaded: "));
}

// What is wrong with a plug-in of test_plugin.c, and the parts of its message.
struct Wrong {
  std::string name;
  std::vector<std::string> message;
  bool before_loading = false;  // known by the trial alone
};

TEST(PluginsTest, EachThatIsNotAsTheHeaderSaysIsRefused) {
  const Wrong all[] = {
      {"wrong_version", {"built for ABI version 2", "this program takes 1"}},
      {"no_symbol", {"exports no function actbench_plugin", "docs/plugins.md"}},
      {"null_table", {"no table for this machine", "ABI version 1", "returned null"}},
      {"undefined", {"cannot be loaded: undefined symbol: actbench_undefined_function"}},
      {"duplicate", {"kernels[2] is relu/forward/bf16/duplicate/native/scalar, which it has already"}},
      {"null_function", {"kernels[2].functions.run is null"}},
      {"unknown_activation", {"kernels[2].activation", "\"rleu\"", "did you mean \"relu\""}},
      {"unknown_isa", {"kernels[2].isa is \"avx1024\"", "there are: scalar, sse4, avx2, avx512, neon"}},
      {"rounding", {"changed how all kernels compute: ", " instead of ", "-ffast-math"}},
      {"crash", {"loading it ends the process, by signal 11"}, true},
      {"illegal", {"running relu/forward/bf16/illegal/native/scalar", "this processor lacks"}, true},
  };
  for (const Wrong& wrong : all) {
    const std::string error = ErrorOf({FileOf(wrong.name)});
    for (const std::string& part : wrong.message) EXPECT_THAT(error, HasSubstr(part)) << wrong.name;
    if (!wrong.before_loading) {
      EXPECT_EQ(ErrorOf({FileOf(wrong.name)}, PluginTrial::kNone), error);
    }
    EXPECT_EQ(std::fegetround(), FE_TONEAREST) << wrong.name;
  }
}

TEST(PluginsTest, KernelsThatThisProcessorCannotRunAreLeftOutWithAWarning) {
  const auto catalog = CatalogOf({FileOf("foreign_isa")});
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(NamesOf(*catalog, "foreign_isa").size(), 2u);
  EXPECT_THAT(catalog->plugins()[0].warnings, ElementsAre(AllOf(HasSubstr("(1 of 3)"), HasSubstr("has only scalar"))));
}

TEST(PluginsTest, TheHashIsThatOfTheFile) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/x.so";
  std::filesystem::copy_file(FileOf("good"), file);
  const std::string hash = CatalogOf({FileOf("good")})->plugins()[0].content_hash;
  EXPECT_EQ(CatalogOf({file})->plugins()[0].content_hash, hash);
  std::ofstream(directory.path() + "/y.so", std::ios::binary)
      << std::ifstream(FileOf("good"), std::ios::binary).rdbuf() << "more";
  EXPECT_NE(CatalogOf({directory.path() + "/y.so"})->plugins()[0].content_hash, hash);
}

TEST(PluginsTest, TheExampleIsWithinWhatItSays) {
  const auto catalog = CatalogOf({FileOf("fast_sigmoid")});
  ASSERT_NE(catalog, nullptr);
  const auto kernel = catalog->FindKernel("sigmoid", Direction::kForward, Dtype::kF32, {.provider = "fast_sigmoid"});
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  const TestedKernel tested(**kernel);
  for (double x = -87; x < 87; x += 0.01) {
    const double exact = 1 / (1 + std::exp(-x));
    EXPECT_NEAR(tested.RunOne({x})[0] / exact, 1, 0.011) << x;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(tested.RunOne({infinity})[0], 1);
  EXPECT_EQ(tested.RunOne({-infinity})[0], 0);
  EXPECT_TRUE(std::isnan(tested.RunOne({std::nan("")})[0]));
}

}  // namespace
}  // namespace actbench
