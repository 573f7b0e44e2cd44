// SPDX-License-Identifier: Apache-2.0
#include "proto/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace actbench {
namespace {

// What is said of a command line; empty if nothing is wrong with it.
std::string Mistake(std::vector<std::string> arguments) {
  CLI::App app;
  app.require_subcommand(1);
  CLI::App& command = *app.add_subcommand("measure")->fallthrough();
  std::string name;
  std::string file;
  std::vector<std::string> pair;
  int threads = 0;
  bool check = false;
  bool all = false;
  command.add_option("NAME", name)->required();
  CLI::Option* const file_option = command.add_option("--file", file)->type_name("FILE.npy");
  command.add_option("--pair", pair)->expected(2)->type_name("A B");
  command.add_option("--threads", threads)->check(CLI::Range(0, 9));
  command.add_option("--check", check)->type_name("true|false");
  command.add_option("--dtype", name)->check(CLI::IsMember({"f64", "f32"}));
  CLI::Option* const all_option = command.add_flag("--all", all)->excludes(file_option);
  command.add_flag("--more")->needs(all_option);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return DescribeMistake(app, error);
  }
  return "";
}

TEST(UsageTest, NothingIsSaidOfWhatIsRight) {
  EXPECT_EQ(Mistake({"measure", "x", "--pair", "a", "b", "--threads", "9", "--check", "false"}), "");
}

TEST(UsageTest, WhatIsMissingIsNamed) {
  EXPECT_EQ(Mistake({}), "no command given");
  EXPECT_EQ(Mistake({"measure"}), "NAME is required");
  EXPECT_EQ(Mistake({"measure", "x", "--more"}), "--more needs --all too");
  EXPECT_EQ(Mistake({"measure", "x", "--file"}), "--file: no value is given; it takes FILE.npy");
  EXPECT_EQ(Mistake({"measure", "x", "--check"}), "--check: no value is given; it takes true|false");
  EXPECT_EQ(Mistake({"measure", "x", "--threads"}), "--threads: no value is given; it takes INT in [0 - 9]");
  EXPECT_EQ(Mistake({"measure", "x", "--pair", "a"}), "--pair: 1 value is given; it takes 2");
}

TEST(UsageTest, WhatIsTooMuchIsNamed) {
  EXPECT_EQ(Mistake({"measure", "x", "--file", "a", "--file", "b"}), "--file: 2 values are given; it takes 1");
  EXPECT_EQ(Mistake({"measure", "x", "--all", "--file", "a"}), "--file and --all exclude each other; give one of them");
  EXPECT_EQ(Mistake({"measure", "x", "y"}), "\"y\" is one argument too many");
  EXPECT_EQ(Mistake({"measure", "x", "--sped"}), "unknown flag --sped");
  EXPECT_EQ(Mistake({"measure", "--sped"}), "unknown command or flag --sped");
  EXPECT_EQ(Mistake({"mesure"}), "unknown command or flag mesure");
}

TEST(UsageTest, AWrongValueIsToldWithWhatIsAllowed) {
  EXPECT_EQ(Mistake({"measure", "x", "--check", "maybe"}), "--check: \"maybe\" is neither true nor false");
  EXPECT_EQ(Mistake({"measure", "x", "--dtype", "f8"}), "--dtype: \"f8\" is none of f64,f32");
  EXPECT_EQ(Mistake({"measure", "x", "--threads", "-1"}), "--threads: \"-1\" is not a number from 0 to 9");
  EXPECT_EQ(Mistake({"measure", "x", "--dtype", "a excludes b"}), "--dtype: \"a excludes b\" is none of f64,f32");
}

}  // namespace
}  // namespace actbench
