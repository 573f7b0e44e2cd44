// SPDX-License-Identifier: Apache-2.0
// formats_test.py compares tests/data/comparison.json with docs/formats.md.
#include "client/comparison_json.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/handmade_comparison.h"

namespace actbench::client {
namespace {

using nlohmann::json;

constexpr char kFile[] = ACTBENCH_SOURCE_DIRECTORY "/tests/data/comparison.json";

// With ACTBENCH_WRITE_DATA=1 in the environment it is written anew.
TEST(ComparisonJsonTest, TheTextIsThatOfTheFile) {
  const std::string text = ComparisonJson(MakeHandmadeComparison());
  if (std::getenv("ACTBENCH_WRITE_DATA") != nullptr) std::ofstream(kFile) << text;
  std::ifstream file(kFile);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str());
}

TEST(ComparisonJsonTest, ItHasTheVerdictAndEachProcess) {
  const json read = json::parse(ComparisonJson(MakeHandmadeComparison()));
  EXPECT_EQ(read["schema"], "actbench.comparison");
  EXPECT_EQ(read["schema_version"], 1);
  EXPECT_EQ(read["verdict"], "regression");
  EXPECT_EQ(read["exit_status"], 1);
  ASSERT_EQ(read["cases"].size(), 9U);
  const json& slower = read["cases"][3];
  EXPECT_EQ(slower["speed"], "slower");
  EXPECT_EQ(slower["ratio"]["ratio"], 1.046875);
  EXPECT_EQ(slower["process_ratios"].size(), 3U);
  EXPECT_EQ(slower["process_control_ratios"], (json{0.9921875, 1.0, 1.0078125}));
  EXPECT_EQ(slower["accuracy"]["verdict"], "worse");
  EXPECT_EQ(slower["accuracy"]["differing"], 1234);
  EXPECT_EQ(read["summary"]["fingerprintHash"], "0123456789abcdef");
}

TEST(ComparisonJsonTest, WhatWasNotTimedHasNoTimes) {
  const json read = json::parse(ComparisonJson(MakeHandmadeComparison()));
  for (const int i : {7, 8}) {
    EXPECT_FALSE(read["cases"][i].contains("base_ns"));
    EXPECT_FALSE(read["cases"][i].contains("ratio"));
    EXPECT_NE(read["cases"][i]["reason"], "");
  }
  EXPECT_EQ(read["cases"][7]["speed"], "skipped");
  EXPECT_EQ(read["cases"][8]["speed"], "error");
}

TEST(ComparisonJsonTest, NoNumberIsBeyondJson) {
  Comparison comparison;
  comparison.rows = {MakeRow(v1::VERDICT_SAME, 1)};
  SetErrors(comparison.rows[0], 1.5, std::numeric_limits<double>::infinity());
  comparison.rows[0].speed.set_p_value(std::numeric_limits<double>::quiet_NaN());
  comparison.summary.mutable_time()->set_seconds(std::numeric_limits<int64_t>::max());
  const json read = json::parse(ComparisonJson(comparison));
  EXPECT_EQ(read["cases"][0]["accuracy"]["head"]["max_ulp"], "Infinity");
  EXPECT_EQ(read["cases"][0]["p_value"], "NaN");
  EXPECT_EQ(json::parse(ComparisonJson({}))["verdict"], "error");
}

}  // namespace
}  // namespace actbench::client
