// SPDX-License-Identifier: Apache-2.0
#include "client/report_bencher.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using nlohmann::json;

class ReportBencherTest : public testing::Test {
 protected:
  json Of(int result) { return json::parse(BencherReport(run_))[run_.results(result).name()]; }

  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(ReportBencherTest, EachMeasuredCaseHasItsMeasuresWithBounds) {
  EXPECT_EQ(json::parse(BencherReport(run_)).size(), 6U);
  EXPECT_EQ(Of(1), json::parse(R"({"latency":{"value":16384,"lower_value":16256,"upper_value":16512},
      "throughput":{"value":4e9,"lower_value":3968992248.0620155,"upper_value":4031496062.992126},
      "max_ulp":{"value":0.5,"lower_value":0.5,"upper_value":0.5},"infinite_ulp":{"value":0}})"));
}

TEST_F(ReportBencherTest, OneProcessHasNoBounds) {
  for (const bool by_old_server : {false, true}) {
    LeaveOneProcess(*run_.mutable_results(1), by_old_server);
    EXPECT_EQ(Of(1)["latency"], (json{{"value", 16384}}));
    EXPECT_EQ(Of(1)["throughput"], (json{{"value", 4e9}}));
  }
}

TEST_F(ReportBencherTest, AnErrorAtSamplesHasNoUpperBound) {
  EXPECT_EQ(Of(2)["max_ulp"], (json{{"value", 2.5e6}, {"lower_value", 2.5e6}}));
}

TEST_F(ReportBencherTest, AnInfiniteErrorIsTold) {
  EXPECT_FALSE(Of(3).contains("max_ulp"));
  EXPECT_EQ(Of(3)["infinite_ulp"], json({{"value", 1}}));
  EXPECT_FALSE(Of(4).contains("infinite_ulp")) << "not known";
}

TEST_F(ReportBencherTest, NothingIsZeroOrNotFinite) {
  run_.mutable_results(0)->mutable_time()->set_median_ns(0);
  run_.mutable_results(1)->mutable_time()->set_median_low_ns(0);
  run_.mutable_results(1)->mutable_time()->set_median_high_ns(std::numeric_limits<double>::infinity());
  const json report = json::parse(BencherReport(run_));
  EXPECT_EQ(report.size(), 5U);
  for (const auto& [name, measures] : report.items()) {
    for (const char* measure : {"latency", "throughput"}) {
      for (const auto& [bound, value] : measures[measure].items()) EXPECT_TRUE(value.is_number()) << name << bound;
      EXPECT_GT(measures[measure]["value"], 0) << name;
    }
  }
  EXPECT_FALSE(report[run_.results(1).name()]["throughput"].contains("upper_value"));
}

TEST(BencherReportTest, NothingMeasuredIsAnEmptyObject) { EXPECT_EQ(json::parse(BencherReport({})), json::object()); }

}  // namespace
}  // namespace actbench::client
