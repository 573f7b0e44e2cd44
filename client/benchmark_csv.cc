// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_csv.h"

#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/tensor.h"
#include "client/timestamp.h"
#include "proto/dtype.h"
#include "proto/kernel.h"

namespace actbench::client {
namespace {

struct Cell {
  const char* column;
  std::string value;
};
using Row = std::vector<Cell>;

std::string Number(double value) { return ShortestDecimal(value, Dtype::kF64); }

std::string Quoted(absl::string_view text) {
  if (text.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

void AppendCase(const v1::BenchmarkResult& result, Row& row) {
  const v1::Kernel& kernel = result.kernel();
  row.insert(row.end(), {{"name", result.name()},
                         {"outcome", OutcomeText(result)},
                         {"reason", IsMeasured(result) ? "" : ReasonText(result)},
                         {"activation", kernel.activation()},
                         {"direction", DirectionName(kernel.direction())},
                         {"dtype", DtypeText(kernel.dtype())},
                         {"provider", kernel.provider()},
                         {"tier", kernel.tier()},
                         {"isa", kernel.isa()},
                         {"device", kernel.device()},
                         {"parameters", ParametersText(result.parameters(), " ", Number)},
                         {"elements", absl::StrCat(result.elements())},
                         {"size_bytes", absl::StrCat(result.bytes())},
                         {"working_set", result.working_set()},
                         {"cache", result.cache()},
                         {"distribution", result.distribution()},
                         {"threads", absl::StrCat(result.threads())},
                         {"in_place", JsonBoolean(result.in_place())},
                         {"launch", result.launch()}});
}

// Empty cells where there are no times.
void AppendTimes(const v1::BenchmarkResult& result, Row& row) {
  const bool measured = IsMeasured(result);
  const v1::CallTime& time = result.time();
  const auto number = [&](const char* column, double value) { row.push_back({column, measured ? Number(value) : ""}); };
  const auto integer = [&](const char* column, int64_t value) {
    row.push_back({column, measured ? absl::StrCat(value) : ""});
  };
  number("median_ns", time.median_ns());
  const bool has_interval = measured && HasInterval(result);
  row.push_back({"median_low_ns", has_interval ? Number(time.median_low_ns()) : ""});
  row.push_back({"median_high_ns", has_interval ? Number(time.median_high_ns()) : ""});
  number("min_ns", time.min_ns());
  number("p90_ns", time.p90_ns());
  number("p99_ns", time.p99_ns());
  number("ns_per_element", measured ? NsPerElement(result) : 0);
  number("elements_per_second", measured ? ElementsPerSecond(result) : 0);
  number("bytes_per_second", measured ? BytesPerSecond(result) : 0);
  number("copy_ns", result.copy_ns());
  const std::optional<double> copy_ratio = measured ? CopyRatio(result) : std::nullopt;
  row.push_back({"copy_ratio", copy_ratio.has_value() ? Number(*copy_ratio) : ""});
  number("clock_ghz", result.clock_ghz());
  integer("processes", time.process_medians_ns_size());
  integer("samples", time.samples());
  integer("calls_per_sample", time.calls_per_sample());
  row.push_back({"converged", measured ? JsonBoolean(has_interval && time.converged()) : ""});
}

void AppendAccuracy(const v1::BenchmarkResult& result, Row& row) {
  const v1::BenchmarkAccuracy& accuracy = result.accuracy();
  row.insert(row.end(), {{"max_ulp", result.has_accuracy() ? Number(accuracy.max_ulp()) : ""},
                         {"accuracy_mode", accuracy.mode()},
                         {"certificate", accuracy.certificate_id()}});
}

void AppendNoise(const v1::BenchmarkResult& result, Row& row) {
  const v1::BenchmarkNoise& noise = result.noise();
  const auto known = [&](const char* column, bool has, double value) {
    row.push_back({column, has ? Number(value) : ""});
  };
  const std::map<std::string, int> discarded(noise.discarded_slices().begin(), noise.discarded_slices().end());
  row.push_back({"noise", absl::StrJoin(noise.reasons(), " ")});
  known("steal_ratio", noise.has_steal_ratio(), noise.steal_ratio());
  known("pressure_ratio", noise.has_pressure_ratio(), noise.pressure_ratio());
  row.insert(row.end(),
             {{"throttled_periods", noise.has_throttled_periods() ? absl::StrCat(noise.throttled_periods()) : ""},
              {"involuntary_switches", result.has_noise() ? absl::StrCat(noise.involuntary_switches()) : ""},
              {"minor_faults", result.has_noise() ? absl::StrCat(noise.minor_faults()) : ""},
              {"discarded_slices", absl::StrJoin(discarded, " ", absl::PairFormatter("="))}});
}

void AppendRun(const v1::BenchmarkRun& run, Row& row) {
  row.insert(row.end(), {{"run", run.id()},
                         {"run_name", run.name()},
                         {"run_time", Rfc3339(ToTime(run.time()))},
                         {"fingerprint", run.fingerprint_hash()},
                         {"version", run.build().version()},
                         {"revision", run.build().revision()},
                         {"build_id", run.build_id()}});
}

Row MakeRow(const v1::BenchmarkRun& run, const v1::BenchmarkResult& result) {
  Row row;
  AppendCase(result, row);
  AppendTimes(result, row);
  AppendAccuracy(result, row);
  AppendNoise(result, row);
  AppendRun(run, row);
  return row;
}

}  // namespace

std::string BenchmarkCsv(const v1::BenchmarkRun& run) {
  const auto line = [](const Row& row, const auto& text) {
    return absl::StrCat(
        absl::StrJoin(row, ",", [&](std::string* out, const Cell& cell) { out->append(Quoted(text(cell))); }), "\n");
  };
  std::string csv = line(MakeRow({}, {}), [](const Cell& cell) { return std::string(cell.column); });
  for (const v1::BenchmarkResult& result : run.results()) {
    absl::StrAppend(&csv, line(MakeRow(run, result), [](const Cell& cell) { return cell.value; }));
  }
  return csv;
}

}  // namespace actbench::client
