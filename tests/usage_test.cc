// SPDX-License-Identifier: Apache-2.0
#include "proto/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
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
  command.add_option("--threads", threads)->type_name("N")->transform(NumberIn(0, 9));
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
  EXPECT_EQ(Mistake({"measure", "x", "--threads"}), "--threads: no value is given; it takes N");
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
  EXPECT_EQ(Mistake({"measure", "x", "--threads", "-1"}), "--threads: \"-1\" is not a whole number from 0 to 9");
  EXPECT_EQ(Mistake({"measure", "x", "--dtype", "a excludes b"}), "--dtype: \"a excludes b\" is none of f64,f32");
  EXPECT_EQ(Mistake({"measure", "x", "--dtype", ": a not in {b}"}), "--dtype: \": a not in {b}\" is none of f64,f32");
}

TEST(UsageTest, ALongValueIsToldToo) {
  const std::string text(100'000, 'a');
  EXPECT_EQ(Mistake({"measure", "x", "--dtype", text}), "--dtype: \"" + text + "\" is none of f64,f32");
  EXPECT_EQ(Mistake({"measure", "x", "--check", text}), "--check: \"" + text + "\" is neither true nor false");
  EXPECT_EQ(Mistake({"measure", "x", "--threads", text}),
            "--threads: \"" + text + "\" is not a whole number from 0 to 9");
}

// What a flag is taken for, or what is wrong with it.
template <class T>
std::string Read(const CLI::Validator& numbers, const std::string& text) {
  CLI::App app;
  T number = 0;
  app.add_option("--n", number)->transform(numbers);
  try {
    app.parse(std::vector<std::string>{"--n=" + text});
  } catch (const CLI::ParseError& error) {
    return DescribeMistake(app, error);
  }
  return CLI::detail::to_string(number);
}

TEST(UsageTest, NumbersAreDecimal) {
  const CLI::Validator integers = NumberIn<int64_t>(-1, 100);
  EXPECT_EQ(Read<int64_t>(integers, "0100"), "100");
  EXPECT_EQ(Read<int64_t>(integers, "09"), "9");
  EXPECT_EQ(Read<int64_t>(integers, "-01"), "-1");
  for (const std::string text : {"5x", "0x10", "1.5", "101", "-2", "99999999999999999999"}) {
    EXPECT_EQ(Read<int64_t>(integers, text), "--n: \"" + text + "\" is not a whole number from -1 to 100");
  }
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(Read<uint64_t>(NumberIn<uint64_t>(0, most), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Read<double>(NumberIn(0.0, 1.0), "010e-2"), "0.1");
  for (const std::string text : {"1.5", "nan", "half", "0.5s"}) {
    EXPECT_EQ(Read<double>(NumberIn(0.0, 1.0), text), "--n: \"" + text + "\" is not a number from 0 to 1");
  }
}

TEST(UsageTest, SizesMayHaveUnits) {
  const CLI::Validator sizes = SizeIn(10, int64_t{1} << 40);
  EXPECT_EQ(Read<int64_t>(sizes, "0100"), "100");
  EXPECT_EQ(Read<int64_t>(sizes, "10b"), "10");
  for (const std::string unit : {"k", "KB", " KiB", "kib"}) EXPECT_EQ(Read<int64_t>(sizes, "3" + unit), "3072") << unit;
  EXPECT_EQ(Read<int64_t>(sizes, "64MiB"), "67108864");
  EXPECT_EQ(Read<int64_t>(sizes, "1t"), "1099511627776");
  for (const std::string text :
       {"foo", "MiB", "9", "2t", "16e", "9999999999999999999", "1kbit", "1xb", "-1k", "1.5k"}) {
    EXPECT_EQ(Read<int64_t>(sizes, text),
              "--n: \"" + text + "\" is not a size from 10 to 1099511627776, with or without a unit such as MiB");
  }
}

}  // namespace
}  // namespace actbench
