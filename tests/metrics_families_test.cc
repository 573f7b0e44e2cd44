// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_families.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <string_view>

namespace actbench {
namespace {

constexpr std::array<std::string_view, 2> kLabels = {"zone", "activation"};
constexpr std::array<std::string_view, 0> kNoLabels = {};
constexpr std::array<double, 0> kNoBuckets = {};
constexpr std::array kBuckets = {1e-7, 0.0005, 100000000.0};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::array<MetricInfo, 3> kTable = {{{"things_total", "counter", "Things.", kLabels, kNoBuckets},
                                           {"heat", "gauge", "Heat.", kNoLabels, kNoBuckets},
                                           {"wait_seconds", "histogram", "Waits.", kNoLabels, kBuckets}}};

TEST(MetricsFamiliesTest, SeriesAreSortedByTheirLabelsByName) {
  MetricFamilies families(kTable);
  families.AddCounter(0, {{"a", "tanh"}}).Increment(2);
  families.AddCounter(0, {{"b", "silu"}}).Increment(1.5);
  families.AddCounter(0, {{"a", "silu"}}).Increment(1e-9);
  EXPECT_EQ(&families.AddCounter(0, {{"a", "silu"}}), &families.AddCounter(0, {{"a", "silu"}}));
  EXPECT_TRUE(
      families.Text({}).starts_with("# HELP things_total Things.\n"
                                    "# TYPE things_total counter\n"
                                    "things_total{activation=\"silu\",zone=\"a\"} 1e-09\n"
                                    "things_total{activation=\"silu\",zone=\"b\"} 1.5\n"
                                    "things_total{activation=\"tanh\",zone=\"a\"} 2\n"
                                    "# HELP heat Heat.\n"
                                    "# TYPE heat gauge\n"
                                    "# HELP wait_seconds Waits.\n"
                                    "# TYPE wait_seconds histogram\n"))
      << families.Text({});
}

TEST(MetricsFamiliesTest, BucketsOfAHistogramAreCumulative) {
  MetricFamilies families(kTable);
  prometheus::Histogram& wait = families.AddHistogram(2, {});
  for (const double seconds : {0.25, 0.25, 5e8 - 0.5}) wait.Observe(seconds);
  EXPECT_TRUE(
      families.Text({}).ends_with("wait_seconds_count 3\n"
                                  "wait_seconds_sum 500000000\n"
                                  "wait_seconds_bucket{le=\"1e-07\"} 0\n"
                                  "wait_seconds_bucket{le=\"0.0005\"} 0\n"
                                  "wait_seconds_bucket{le=\"100000000\"} 2\n"
                                  "wait_seconds_bucket{le=\"+Inf\"} 3\n"))
      << families.Text({});
}

TEST(MetricsFamiliesTest, NumbersAreReadBackAsTheyWere) {
  MetricFamilies families(kTable);
  prometheus::Gauge& heat = families.AddGauge(1, {});
  for (const double value : {0.0, -3.0, 0.1, 1e-300, 1796000000.125, 1e15, 1e22, 123456789012345678.0}) {
    heat.Set(value);
    const std::string text = families.Text({});
    const size_t at = text.find("\nheat ");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(std::stod(text.substr(at + 6)), value) << text;
  }
  for (const auto& [value, written] : {std::pair(kInfinity, "\nheat +Inf\n"), std::pair(-kInfinity, "\nheat -Inf\n"),
                                       std::pair(kNaN, "\nheat NaN\n"), std::pair(1e8, "\nheat 100000000\n")}) {
    heat.Set(value);
    EXPECT_NE(families.Text({}).find(written), std::string::npos) << families.Text({});
  }
}

TEST(MetricsFamiliesTest, ValuesOfLabelsAreEscapedAndSamplesThatAreNaNLeftOut) {
  const MetricFamilies families(kTable);
  const std::string text = families.Text(
      {{{.row = 0, .value = 1, .label_values = {"a\"b\\c\nd", ""}}, {.row = 1, .value = kNaN, .label_values = {}}}});
  EXPECT_NE(text.find("things_total{activation=\"\",zone=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("\nheat "), std::string::npos) << text;
}

}  // namespace
}  // namespace actbench
