// SPDX-License-Identifier: Apache-2.0
// The table of metrics: its names and types, and its description in docs/metrics.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "server/metrics.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  std::istringstream stream(text);
  while (std::getline(stream, part, separator)) {
    part.erase(std::remove_if(part.begin(), part.end(), [](char c) { return c == ' ' || c == '`'; }), part.end());
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

TEST(MetricsTableTest, NamesFollowPrometheusConventions) {
  std::set<std::string> names;
  for (const MetricInfo& info : AllMetrics()) {
    SCOPED_TRACE(info.name);
    const std::string name(info.name);
    EXPECT_TRUE(names.insert(name).second) << "twice";
    EXPECT_TRUE(name.starts_with("actbench_") || name.starts_with("grpc_server_") || name.starts_with("process_"));
    EXPECT_TRUE(std::ranges::all_of(name, [](char c) { return std::islower(c) || c == '_'; }));
    EXPECT_TRUE(info.type == "counter" || info.type == "gauge" || info.type == "histogram");
    EXPECT_EQ(name.ends_with("_total"), info.type == "counter");
    for (const std::string& word : Split(name, '_')) {
      for (const char* unit : {"ms", "us", "ns", "milliseconds", "microseconds", "nanoseconds", "mib", "percent"}) {
        EXPECT_NE(word, unit) << "not a base unit";
      }
    }
    EXPECT_TRUE(info.help.ends_with('.'));
    std::set<std::string> labels(info.labels.begin(), info.labels.end());
    EXPECT_EQ(labels.size(), info.labels.size());
    EXPECT_FALSE(labels.contains("le"));
  }
}

TEST(MetricsTableTest, OnlyHistogramsHaveBucketsAndTheyAscend) {
  for (const MetricInfo& info : AllMetrics()) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(info.buckets.empty(), info.type != "histogram");
    EXPECT_TRUE(std::ranges::is_sorted(info.buckets));
    if (info.name != "actbench_kernel_duration_seconds") continue;
    ASSERT_EQ(info.buckets.size(), 14u);
    for (size_t i = 0; i < 14; ++i) EXPECT_NEAR(info.buckets[i], 1e-7 * std::pow(4, i), 1e-12 * std::pow(4, i));
  }
}

TEST(MetricsTableTest, TheDocumentationListsExactlyTheTable) {
  using Row = std::tuple<std::string, std::string, std::vector<std::string>>;
  std::vector<Row> documented;
  std::ifstream page(std::filesystem::path(ACTBENCH_SOURCE_DIRECTORY) / "docs/metrics.md");
  ASSERT_TRUE(page.is_open());
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 4u) << line;
    documented.emplace_back(Split(cells[0], ',').at(0), Split(cells[1], ',').at(0), Split(cells[2], ','));
    EXPECT_GT(Split(cells[3], ',').size(), 0u) << line;
  }
  std::vector<Row> table;
  for (const MetricInfo& info : AllMetrics()) {
    table.emplace_back(info.name, info.type, std::vector<std::string>(info.labels.begin(), info.labels.end()));
  }
  EXPECT_EQ(documented, table);
}

}  // namespace
}  // namespace actbench
