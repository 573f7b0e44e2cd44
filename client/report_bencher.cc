// SPDX-License-Identifier: Apache-2.0
#include "client/report_bencher.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/accuracy_table.h"
#include "client/benchmark_result.h"
#include "client/format.h"

namespace actbench::client {
namespace {

// Bounds that are not finite are left out: JSON has no text for them.
std::string Metric(double value, double lower, double upper) {
  std::vector<JsonMember> members = {{"value", JsonNumber(value)}};
  if (std::isfinite(lower)) members.emplace_back("lower_value", JsonNumber(lower));
  if (std::isfinite(upper)) members.emplace_back("upper_value", JsonNumber(upper));
  return JsonObject(members);
}

std::string Measures(const v1::BenchmarkResult& result) {
  const v1::CallTime& time = result.time();
  const bool has_interval = HasInterval(result);
  const double low = has_interval ? time.median_low_ns() : HUGE_VAL;
  const double high = has_interval ? time.median_high_ns() : HUGE_VAL;
  // Elements per second if a call took so long.
  const auto throughput = [&](double ns) {
    return std::isfinite(ns) ? ElementsPerSecond(result) * (time.median_ns() / ns) : HUGE_VAL;
  };
  std::vector<JsonMember> measures = {
      {"latency", Metric(time.median_ns(), low, high)},
      {"throughput", Metric(ElementsPerSecond(result), throughput(high), throughput(low))}};
  if (result.has_accuracy()) {
    const double ulp = result.accuracy().max_ulp();
    // What was found at samples is a lower bound.
    const double upper = IsExhaustive(result.accuracy().mode()) ? ulp : HUGE_VAL;
    if (std::isfinite(ulp)) measures.emplace_back("max_ulp", Metric(ulp, ulp, upper));
    measures.emplace_back("infinite_ulp", JsonObject({{"value", std::isfinite(ulp) ? "0" : "1"}}));
  }
  return JsonObject(measures);
}

}  // namespace

std::string BencherReport(const v1::BenchmarkRun& run) {
  std::vector<std::string> lines;
  for (const v1::BenchmarkResult& result : run.results()) {
    // Those without times are left out: there is no value that says so.
    if (IsMeasured(result)) lines.push_back(absl::StrCat("  ", JsonString(result.name()), ": ", Measures(result)));
  }
  return absl::StrCat("{\n", absl::StrJoin(lines, ",\n"), "\n}\n");
}

}  // namespace actbench::client
