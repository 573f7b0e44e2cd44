// SPDX-License-Identifier: Apache-2.0
#include "client/compare_sides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/temporary_directory.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> kProviders = {"actbench", "onednn"};

std::string Error(const SideArguments& sides, const std::string& server = "") {
  return std::string(CheckSides(sides, server).message());
}

TEST(CompareSidesTest, APluginARunAndANameAreToldApart) {
  EXPECT_EQ(KindOf("base.so"), SideKind::kPlugin);
  EXPECT_EQ(KindOf("build/base.so"), SideKind::kPlugin);
  EXPECT_EQ(KindOf("run.json"), SideKind::kRunFile);
  EXPECT_EQ(KindOf("runs/today"), SideKind::kRunFile);
  EXPECT_EQ(KindOf("-"), SideKind::kRunFile);
  EXPECT_EQ(KindOf("onednn"), SideKind::kName);
}

TEST(CompareSidesTest, AMixOfAPluginAndARunIsAnError) {
  EXPECT_EQ(Error({"base.so", "run.json"}),
            "base.so is a plug-in, but run.json is a run; BASE and HEAD are both runs (ids or names of stored ones, or "
            "result files), or both kernels (plug-ins, which end in .so, or providers)");
  EXPECT_THAT(Error({"run.json", "head.so"}), HasSubstr("head.so is a plug-in, but run.json is a run"));
  EXPECT_THAT(Error({"-", "-"}), HasSubstr("standard input"));
  EXPECT_EQ(Error({"base.so", "onednn"}), "");
  EXPECT_EQ(Error({"run.json", "nightly"}), "");
}

TEST(CompareSidesTest, AServerElsewhereTakesNoPlugins) {
  EXPECT_THAT(Error({"actbench", "head.so"}, "far:1"), HasSubstr("--plugin base=FILE,head=FILE"));
  EXPECT_EQ(Error({"base", "head"}, "far:1"), "");
  EXPECT_EQ(Error({"a.json", "b.json"}, "far:1"), "");
}

TEST(CompareSidesTest, ALayoutIsOfAPlugin) {
  EXPECT_THAT(Error({"actbench", "head.so", "layout.so"}), HasSubstr("actbench is no plug-in"));
  EXPECT_EQ(Error({"base.so", "actbench", "layout.so"}), "");
}

TEST(CompareSidesTest, NamesAreProvidersOrRuns) {
  EXPECT_EQ(*AreKernels({"onednn", "actbench"}, kProviders), true);
  EXPECT_EQ(*AreKernels({"base.so", "actbench"}, kProviders), true);
  EXPECT_EQ(*AreKernels({"nightly", "weekly"}, kProviders), false);
  EXPECT_EQ(*AreKernels({"nightly", "run.json"}, kProviders), false);
  EXPECT_EQ(*AreKernels({"onednn", "run.json"}, kProviders), false);  // the run of that name
  const absl::Status error = AreKernels({"actbench", "onednnn"}, kProviders).status();
  EXPECT_THAT(std::string(error.message()),
              HasSubstr("actbench is a provider, but onednnn is not; there are the providers actbench, onednn; BASE"));
  EXPECT_FALSE(AreKernels({"nightly", "head.so"}, kProviders).ok());
}

TEST(CompareSidesTest, BaseIsCopiedForItsControl) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/real.so";
  const std::string link = directory.path() + "/base.so";
  std::ofstream(file) << "code";
  std::filesystem::create_symlink(file, link);
  absl::StatusOr<SidePlugins> made = SidePlugins::Make({link, "head.so", "layout.so"});
  ASSERT_TRUE(made.ok()) << made.status();
  std::optional<SidePlugins> plugins = *std::move(made);
  ASSERT_THAT(plugins->flags(), SizeIs(4));
  EXPECT_EQ(plugins->flags()[0], "base?=" + link);
  EXPECT_EQ(plugins->flags()[2], "head?=head.so");
  EXPECT_EQ(plugins->flags()[3], "layout?=layout.so");
  const std::string copy = plugins->flags()[1].substr(std::string("control?=").size());
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(copy)));
  std::ifstream read(copy);
  std::string text;
  read >> text;
  EXPECT_EQ(text, "code");
  plugins.reset();
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(copy).parent_path()));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(CompareSidesTest, NothingIsLoadedForNames) {
  EXPECT_THAT(SidePlugins::Make({"onednn", "actbench"})->flags(), IsEmpty());
  EXPECT_THAT(SidePlugins::Make({"onednn", "head.so"})->flags(), ElementsAre("head?=head.so"));
  EXPECT_THAT(std::string(SidePlugins::Make({"none.so", "head.so"}).status().message()),
              HasSubstr("cannot copy plug-in none.so: No such file"));
}

}  // namespace
}  // namespace actbench::client
