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

// What the dashboards of GPUs are tried with where there is none.
TEST(MetricsTableTest, TheRecordedPageOfAGpuIsWhatAServerExports) {
  class Source final : public Metrics::GaugeSource {
   public:
    Metrics::Gauges Read() const override {
      Metrics::GpuGauges gpu;
      gpu.info.device = "cuda:0";
      gpu.info.model = "Fake 1000";
      gpu.info.uuid = "GPU-00000000-0000-0000-0000-000000000001";
      gpu.info.isa = "sm_90";
      gpu.info.driver = "13.0";
      gpu.info.memory_bytes = 1000;
      gpu.use = {.device_bytes = 8,
                 .device_bytes_limit = 64,
                 .pinned_bytes = 4,
                 .pinned_bytes_limit = 32,
                 .launches = 12,
                 .graph_launches = 3};
      gpu.sensors = {.utilization_ratio = 0.25,
                     .memory_used_bytes = 600,
                     .temperature_celsius = 61,
                     .power_watts = 350,
                     .clock_hz = 1500,
                     .memory_clock_hz = 2500,
                     .throttled = 1};
      Metrics::Gauges gauges;
      gauges.gpus.push_back(gpu);
      return gauges;
    }
  };
  const Source source;
  Metrics metrics;
  metrics.SetGaugeSource(&source);
  std::string exported;
  for (const std::string& line : Lines(metrics.Text())) {
    if (line.find("actbench_gpu_") != std::string::npos) exported += line + "\n";
  }
  metrics.SetGaugeSource(nullptr);
  std::ifstream page(std::filesystem::path(ACTBENCH_SOURCE_DIRECTORY) / "tests/data/gpu_metrics.txt");
  std::ostringstream recorded;
  recorded << page.rdbuf();
  EXPECT_EQ(exported, recorded.str());
}

}  // namespace
}  // namespace actbench
