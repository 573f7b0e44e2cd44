// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/benchmark_result.h"

namespace actbench::client {
namespace {

std::string PercentText(double share) { return absl::StrFormat("%.*f %%", share < 0.0995 ? 1 : 0, 100 * share); }

std::string KernelText(const v1::BenchmarkResult& result) {
  return result.kernel().name().empty() ? result.name() : result.kernel().name();
}

// Half of the interval of the median, of the median.
std::string RelativeErrorText(const v1::BenchmarkResult& result) {
  if (!HasInterval(result)) return "-";
  const v1::CallTime& time = result.time();
  return PercentText((time.median_high_ns() - time.median_low_ns()) / 2 / time.median_ns());
}

// What of a case is not seen in its kernel and size, where it is not the usual.
std::string MannerText(const v1::BenchmarkResult& result) {
  std::vector<std::string> parts;
  if (!result.cache().empty() && result.cache() != "hot") parts.push_back(result.cache());
  if (!result.distribution().empty() && result.distribution() != "normal") parts.push_back(result.distribution());
  if (result.threads() > 1) parts.push_back(absl::StrCat(result.threads(), " threads"));
  if (result.in_place()) parts.emplace_back("in place");
  if (!result.launch().empty() && result.launch() != "none") parts.push_back("launch: " + result.launch());
  return absl::StrJoin(parts, ", ");
}

}  // namespace

bool AreAlternatives(const v1::BenchmarkResult& first, const v1::BenchmarkResult& second) {
  const auto rest = [](const v1::BenchmarkResult& result) {
    const v1::Kernel& kernel = result.kernel();
    // The name of a case is its kernel's and what is beside that.
    return absl::StrCat(kernel.activation(), " ", kernel.direction(), " ", kernel.dtype(), " ", kernel.device(), " ",
                        kernel.name().empty() ? "" : result.name().substr(kernel.name().size()));
  };
  return rest(first) == rest(second);
}

std::optional<size_t> Fastest(absl::Span<const v1::BenchmarkResult> alternatives) {
  std::optional<size_t> fastest;
  for (size_t i = 0; i < alternatives.size(); ++i) {
    if (!IsMeasured(alternatives[i])) continue;
    if (!fastest.has_value() || NsPerElement(alternatives[i]) < NsPerElement(alternatives[*fastest])) fastest = i;
  }
  return fastest;
}

BenchmarkTable::BenchmarkTable(size_t name_width)
    : columns_({{"kernel", false, name_width},
                {"elements", true, 10},
                {"in", false, 4},
                {"ns/element", true, 10},
                {"", false, 1},
                {"+-", true, 6},
                {"of a copy", true, 9},
                {"max ulp", true, 11},
                {"", false, 0}}) {}

std::string BenchmarkTable::Add(const v1::BenchmarkResult& result) {
  std::string text;
  if (!waiting_.empty() && !AreAlternatives(waiting_.back(), result)) text = Finish();
  waiting_.push_back(result);
  return text;
}

std::string BenchmarkTable::Finish() {
  std::string text;
  if (waiting_.empty()) return text;
  if (!std::exchange(has_header_, true)) {
    std::vector<std::string> names;
    for (const Column& column : columns_) names.push_back(column.name);
    text = AlignedLine(columns_, names);
  }
  const std::optional<size_t> fastest = Fastest(waiting_);
  for (size_t i = 0; i < waiting_.size(); ++i) text += Line(waiting_[i], waiting_.size() > 1 && fastest == i);
  waiting_.clear();
  return text;
}

std::string BenchmarkTable::Line(const v1::BenchmarkResult& result, bool fastest) const {
  std::string manner = MannerText(result);
  if (!IsMeasured(result)) {
    return AlignedLine(columns_, {KernelText(result), result.elements() > 0 ? GroupedDecimal(result.elements()) : "",
                                  result.working_set(), absl::StrCat(OutcomeText(result), ": ", ReasonText(result))});
  }
  const std::string note = NoteText(result);
  if (!note.empty()) absl::StrAppend(&manner, manner.empty() ? "" : "; ", note);
  const std::optional<double> copy = CopyRatio(result);
  const std::string ulp = UlpCell(result);
  return AlignedLine(columns_, {KernelText(result), GroupedDecimal(result.elements()), result.working_set(),
                                MeasuredDecimal(NsPerElement(result)), fastest ? "*" : "", RelativeErrorText(result),
                                copy.has_value() ? PercentText(*copy) : "-", ulp.empty() ? "-" : ulp, manner});
}

std::string BenchmarkTableText(const v1::BenchmarkRun& run) {
  size_t width = 0;
  for (const v1::BenchmarkResult& result : run.results()) width = std::max(width, KernelText(result).size());
  BenchmarkTable table(width);
  std::string text;
  for (const v1::BenchmarkResult& result : run.results()) text += table.Add(result);
  return text + table.Finish();
}

}  // namespace actbench::client
