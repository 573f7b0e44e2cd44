// SPDX-License-Identifier: Apache-2.0
// report_command_test.py reads such a text by Python's csv.
#include "client/benchmark_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// By RFC 4180.
std::vector<std::vector<std::string>> Parse(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    if (csv[i] == '"' && quoted && i + 1 < csv.size() && csv[i + 1] == '"') {
      rows.back().back() += csv[++i];
    } else if (csv[i] == '"') {
      quoted = !quoted;
    } else if (csv[i] == ',' && !quoted) {
      rows.back().emplace_back();
    } else if (csv[i] == '\n' && !quoted) {
      if (i + 1 < csv.size()) rows.push_back({""});
    } else {
      rows.back().back() += csv[i];
    }
  }
  return rows;
}

class BenchmarkCsvTest : public testing::Test {
 protected:
  std::string Get(size_t row, const std::string& column) const {
    for (size_t i = 0; i < rows_[0].size(); ++i) {
      if (rows_[0][i] == column) return rows_[row + 1][i];
    }
    ADD_FAILURE() << "no column " << column;
    return "";
  }

  const v1::BenchmarkRun run_ = MakeHandmadeRun();
  const std::vector<std::vector<std::string>> rows_ = Parse(BenchmarkCsv(run_));
};

TEST_F(BenchmarkCsvTest, EachCaseIsARowUnderOneHeader) {
  ASSERT_THAT(rows_, SizeIs(1 + 8));
  EXPECT_THAT(rows_, Each(SizeIs(rows_[0].size())));
  EXPECT_EQ(rows_[0][0], "name");
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(Get(i, "name"), run_.results(static_cast<int>(i)).name());
}

TEST(BenchmarkCsvIntervalTest, OneProcessHasNoneAndIsNotConverged) {
  v1::BenchmarkRun run;
  LeaveOneProcess(Measure(AddResult(run, "actbench", "fast", "avx2"), 8192), true);
  const std::vector<std::vector<std::string>> rows = Parse(BenchmarkCsv(run));
  ASSERT_THAT(rows, SizeIs(2));
  const std::map<std::string, std::string> wanted = {{"median_ns", "8192.0"},
                                                     {"median_low_ns", ""},
                                                     {"median_high_ns", ""},
                                                     {"processes", "1"},
                                                     {"converged", "false"}};
  std::map<std::string, std::string> got;
  for (size_t i = 0; i < rows[0].size(); ++i) {
    if (wanted.count(rows[0][i]) > 0) got[rows[0][i]] = rows[1][i];
  }
  EXPECT_EQ(got, wanted);
}

TEST_F(BenchmarkCsvTest, CellsHoldWhatWasMeasured) {
  EXPECT_EQ(Get(0, "outcome"), "measured");
  EXPECT_EQ(Get(0, "median_ns"), "8192.0");
  EXPECT_EQ(Get(0, "ns_per_element"), "0.125");
  EXPECT_EQ(Get(0, "copy_ratio"), "0.5");
  EXPECT_EQ(Get(0, "processes"), "3");
  EXPECT_EQ(Get(0, "converged"), "true");
  EXPECT_EQ(Get(0, "max_ulp"), "1.5");
  EXPECT_EQ(Get(0, "certificate"), "6f1d2a9c");
  EXPECT_EQ(Get(0, "pressure_ratio"), "") << "the system does not tell";
  EXPECT_EQ(Get(2, "noise"), "steal slow_clock");
  EXPECT_EQ(Get(2, "discarded_slices"), "other_work=1 steal=7");
  EXPECT_EQ(Get(2, "throttled_periods"), "0");
  EXPECT_EQ(Get(3, "max_ulp"), "Infinity");
  EXPECT_EQ(Get(4, "max_ulp"), "");
  EXPECT_EQ(Get(4, "provider"), "a \"b\" <c> & 'd' | `e`, \\f");
  EXPECT_EQ(Get(5, "parameters"), "beta=1.5");
  EXPECT_EQ(Get(7, "run_time"), "2025-11-25T14:03:11Z");
}

TEST_F(BenchmarkCsvTest, WhatWasNotMeasuredHasNoNumbers) {
  for (const size_t row : {6, 7}) {
    for (const char* column :
         {"median_ns", "median_low_ns", "min_ns", "p99_ns", "ns_per_element", "elements_per_second", "bytes_per_second",
          "copy_ns", "copy_ratio", "processes", "samples", "converged"}) {
      EXPECT_EQ(Get(row, column), "") << column;
    }
  }
  EXPECT_EQ(Get(6, "outcome"), "skipped");
  EXPECT_EQ(Get(6, "reason"), run_.results(6).message());
  EXPECT_EQ(Get(7, "outcome"), "error");
}

TEST_F(BenchmarkCsvTest, TheColumnsAreThoseOfTheDocument) {
  std::stringstream text;
  text << std::ifstream(ACTBENCH_SOURCE_DIRECTORY "/docs/formats.md").rdbuf();
  const std::string page = text.str();
  const size_t begin = page.find("## `actbench bench --csv FILE`\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string section = page.substr(begin, page.find("\n#", begin) - begin);
  const std::regex row("\n\\| `([a-z0-9_]+)` \\|");
  std::vector<std::string> columns;
  for (std::sregex_iterator i(section.begin(), section.end(), row); i != std::sregex_iterator(); ++i) {
    columns.push_back((*i)[1]);
  }
  EXPECT_EQ(columns, rows_[0]);
}

TEST(BenchmarkCsvTextTest, OnlyWhatNeedsQuotesHasThem) {
  v1::BenchmarkRun run;
  AddResult(run, "actbench", "fast", "avx2").set_outcome(v1::OUTCOME_SKIPPED);
  for (const auto& [name, cell] :
       {std::pair("a,b", "\"a,b\""), std::pair("a\"b", "\"a\"\"b\""), std::pair("a\nb", "\"a\nb\""),
        std::pair("a\rb", "\"a\rb\""), std::pair("a b'", "a b'")}) {
    run.set_name(name);
    const std::string csv = BenchmarkCsv(run);
    EXPECT_THAT(csv, StartsWith("name,outcome,"));
    EXPECT_THAT(csv, HasSubstr(std::string(",") + cell + ","));
    EXPECT_THAT(csv, Not(HasSubstr("\"sigmoid")));
  }
}

}  // namespace
}  // namespace actbench::client
