// SPDX-License-Identifier: Apache-2.0
#include "client/report_openmetrics.h"

#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/tensor.h"
#include "proto/dtype.h"

namespace actbench::client {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

constexpr double kNsPerSecond = 1e9;

std::string LabelsText(const Labels& labels) {
  return absl::StrJoin(labels, ",", [](std::string* out, const auto& label) {
    absl::StrAppend(out, label.first, "=\"",
                    absl::StrReplaceAll(label.second, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
  });
}

// One family of gauges: its samples must be beside each other.
class Gauge {
 public:
  Gauge(const v1::BenchmarkRun& run, const char* name, const char* help)
      : name_(name),
        // Prometheus's older format, which promtool checks, knows no fractions here.
        time_(run.has_time() ? absl::StrCat(" ", run.time().seconds()) : ""),
        text_(absl::StrCat("# TYPE ", name, " gauge\n# HELP ", name, " ", help, "\n")) {}

  void Add(const Labels& labels, double value) {
    const std::string number = std::isinf(value) ? (value > 0 ? "+Inf" : "-Inf") : ShortestDecimal(value, Dtype::kF64);
    absl::StrAppend(&text_, name_, "{", LabelsText(labels), "} ", number, time_, "\n");
  }

  const std::string& text() const { return text_; }

 private:
  const char* name_;
  std::string time_;
  std::string text_;
};

// What tells a series apart, now and in other runs on the same machine. Not the run: series would end with it.
Labels LabelsOf(const v1::BenchmarkRun& run, const v1::BenchmarkResult& result) {
  const v1::Kernel& kernel = result.kernel();
  return {{"case", result.name()},
          {"activation", kernel.activation()},
          {"direction", DirectionName(kernel.direction())},
          {"dtype", DtypeText(kernel.dtype())},
          {"provider", kernel.provider()},
          {"tier", kernel.tier()},
          {"device", kernel.device()},
          {"isa", kernel.isa()},
          {"fingerprint", run.fingerprint_hash()}};
}

std::string SecondsText(const v1::BenchmarkRun& run) {
  Gauge gauge(run, "actbench_bench_result_seconds", "The time of a call; the median with its 95 % interval.");
  for (const v1::BenchmarkResult& result : run.results()) {
    if (!IsMeasured(result)) continue;
    const v1::CallTime& time = result.time();
    for (const auto& [stat, ns] :
         {std::pair("min", time.min_ns()), std::pair("median", time.median_ns()),
          std::pair("median_low", time.median_low_ns()), std::pair("median_high", time.median_high_ns()),
          std::pair("p90", time.p90_ns()), std::pair("p99", time.p99_ns())}) {
      if (absl::StartsWith(stat, "median_") && !HasInterval(result)) continue;
      Labels labels = LabelsOf(run, result);
      labels.emplace_back("stat", stat);
      gauge.Add(labels, ns / kNsPerSecond);
    }
  }
  return gauge.text();
}

// A sample of each measured case that has the value.
std::string ValueText(const v1::BenchmarkRun& run, const char* name, const char* help,
                      const std::function<std::optional<double>(const v1::BenchmarkResult&)>& value_of) {
  Gauge gauge(run, name, help);
  for (const v1::BenchmarkResult& result : run.results()) {
    const std::optional<double> value = IsMeasured(result) ? value_of(result) : std::nullopt;
    if (value.has_value()) gauge.Add(LabelsOf(run, result), *value);
  }
  return gauge.text();
}

std::string RunText(const v1::BenchmarkRun& run) {
  Gauge info(run, "actbench_bench_run_info", "1; the labels tell what was run.");
  info.Add({{"run", run.id()},
            {"run_name", run.name()},
            {"version", run.build().version()},
            {"revision", run.build().revision()},
            {"build_id", run.build_id()},
            {"processor", run.machine().cpu_model()},
            {"fingerprint", run.fingerprint_hash()}},
           1);
  Gauge cases(run, "actbench_bench_cases", "The cases of the run, by how they ended.");
  for (const char* outcome : {"measured", "skipped", "error"}) {
    double count = 0;
    for (const v1::BenchmarkResult& result : run.results()) count += OutcomeText(result) == outcome ? 1 : 0;
    cases.Add({{"outcome", outcome}, {"fingerprint", run.fingerprint_hash()}}, count);
  }
  return info.text() + cases.text();
}

}  // namespace

std::string OpenMetricsReport(const v1::BenchmarkRun& run) {
  return absl::StrCat(
      RunText(run), SecondsText(run),
      ValueText(run, "actbench_bench_result_elements_per_second", "Elements per second, by the median.",
                ElementsPerSecond),
      ValueText(run, "actbench_bench_result_copy_ratio", "Bytes per second by those of copying x to y.", CopyRatio),
      ValueText(run, "actbench_bench_result_max_ulp", "The largest error; a lower bound where it is of samples.",
                [](const v1::BenchmarkResult& result) -> std::optional<double> {
                  if (!result.has_accuracy()) return std::nullopt;
                  return result.accuracy().max_ulp();
                }),
      ValueText(run, "actbench_bench_result_noisy", "1 where what disturbed it could not be kept out.",
                [](const v1::BenchmarkResult& result) { return IsNoisy(result) ? 1.0 : 0.0; }),
      "# EOF\n");
}

}  // namespace actbench::client
