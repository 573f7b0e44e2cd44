// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_result.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/accuracy_table.h"
#include "client/format.h"
#include "client/tensor.h"
#include "proto/dtype.h"

namespace actbench::client {
namespace {

constexpr double kNsPerSecond = 1e9;

// Copying reads x and writes y.
constexpr double kCopiedTensors = 2;

std::string FunctionOf(const v1::Kernel& kernel) {
  return absl::StrCat(kernel.activation(), "/", DirectionName(kernel.direction()), "/", DtypeText(kernel.dtype()));
}

// What the name has after the kernel's.
std::string ConditionsOf(const v1::BenchmarkResult& result) {
  const std::string kernel = result.kernel().name() + "/";
  return absl::StartsWith(result.name(), kernel) ? result.name().substr(kernel.size()) : result.name();
}

// Intervals are often narrower than three digits could tell.
constexpr int kDigits = 4;

// How many show kDigits digits of a positive number, at most 9.
int DecimalsOf(double value) { return std::clamp(kDigits - 1 - static_cast<int>(std::floor(std::log10(value))), 0, 9); }

std::string Decimal(double value, int decimals) { return absl::StrFormat("%.*f", decimals, value); }

}  // namespace

bool IsMeasured(const v1::BenchmarkResult& result) {
  const double median = result.time().median_ns();
  return result.outcome() == v1::OUTCOME_MEASURED && std::isfinite(median) && median > 0 && result.elements() > 0;
}

std::string OutcomeText(const v1::BenchmarkResult& result) {
  if (IsMeasured(result)) return "measured";
  return result.outcome() == v1::OUTCOME_SKIPPED ? "skipped" : "error";
}

std::string ReasonText(const v1::BenchmarkResult& result) {
  return result.message().empty() ? "the server gave neither times nor a reason" : result.message();
}

bool IsNoisy(const v1::BenchmarkResult& result) { return !result.noise().reasons().empty(); }

bool HasInterval(const v1::BenchmarkResult& result) {
  // Older servers gave one process an interval without a width.
  return result.time().process_medians_ns_size() != 1 && result.time().median_low_ns() > 0;
}

std::string NoteText(const v1::BenchmarkResult& result) {
  std::vector<std::string> notes;
  if (IsNoisy(result)) notes.push_back(absl::StrCat("noisy: ", absl::StrJoin(result.noise().reasons(), ", ")));
  if (!HasInterval(result)) {
    notes.emplace_back("one process: no interval");
  } else if (!result.time().converged()) {
    notes.emplace_back("interval wider than asked");
  }
  return absl::StrJoin(notes, "; ");
}

double NsPerElement(const v1::BenchmarkResult& result) {
  return result.time().median_ns() / static_cast<double>(result.elements());
}

double ElementsPerSecond(const v1::BenchmarkResult& result) { return kNsPerSecond / NsPerElement(result); }

double BytesPerSecond(const v1::BenchmarkResult& result) {
  return static_cast<double>(result.bytes()) / result.time().median_ns() * kNsPerSecond;
}

std::optional<double> CopyRatio(const v1::BenchmarkResult& result) {
  const std::optional<Dtype> dtype = FromProto(result.kernel().dtype());
  if (!dtype.has_value() || !std::isfinite(result.copy_ns()) || result.copy_ns() <= 0) return std::nullopt;
  const double copied =
      kCopiedTensors * static_cast<double>(result.elements()) * static_cast<double>(SizeBytes(*dtype));
  return BytesPerSecond(result) / (copied / result.copy_ns() * kNsPerSecond);
}

std::string NsPerElementCell(const v1::BenchmarkResult& result) {
  return Decimal(NsPerElement(result), DecimalsOf(NsPerElement(result)));
}

std::string IntervalCell(const v1::BenchmarkResult& result) {
  if (!HasInterval(result)) return "-";
  const int decimals = DecimalsOf(NsPerElement(result));
  const auto elements = static_cast<double>(result.elements());
  return absl::StrCat(Decimal(result.time().median_low_ns() / elements, decimals), " to ",
                      Decimal(result.time().median_high_ns() / elements, decimals));
}

std::string CallCell(const v1::BenchmarkResult& result) {
  double value = result.time().median_ns();
  const char* unit = "ns";
  for (const char* larger : {"us", "ms", "s"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = larger;
  }
  return absl::StrCat(MeasuredDecimal(value), " ", unit);
}

std::string CopyCell(const v1::BenchmarkResult& result) {
  const std::optional<double> ratio = CopyRatio(result);
  if (!ratio.has_value()) return "";
  const double percent = *ratio * 100;
  return absl::StrCat(Decimal(percent, percent < 10 ? 1 : 0), " %");
}

std::string UlpCell(const v1::BenchmarkResult& result) {
  return result.has_accuracy() ? MaxUlpText(result.accuracy().max_ulp(), result.accuracy().mode()) : "";
}

std::vector<ResultGroup> GroupResults(const v1::BenchmarkRun& run) {
  std::vector<ResultGroup> groups;
  for (const v1::BenchmarkResult& result : run.results()) {
    if (!IsMeasured(result)) continue;
    const std::string function = FunctionOf(result.kernel());
    const std::string conditions = ConditionsOf(result);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const ResultGroup& one) {
      return one.function == function && one.conditions == conditions;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {function, conditions, {}});
    group->measured.push_back(&result);
  }
  for (ResultGroup& group : groups) {
    std::stable_sort(group.measured.begin(), group.measured.end(),
                     [](const auto* one, const auto* other) { return NsPerElement(*one) < NsPerElement(*other); });
  }
  return groups;
}

std::string KernelCell(const v1::BenchmarkResult& result) {
  const v1::Kernel& kernel = result.kernel();
  return absl::StrCat(kernel.provider(), "/", kernel.tier(), "/", kernel.isa());
}

std::string CountsText(const v1::BenchmarkRun& run) {
  int measured = 0;
  int noisy = 0;
  int skipped = 0;
  int failed = 0;
  for (const v1::BenchmarkResult& result : run.results()) {
    const std::string outcome = OutcomeText(result);
    ++(outcome == "measured" ? measured : outcome == "skipped" ? skipped : failed);
    if (outcome == "measured" && IsNoisy(result)) ++noisy;
  }
  return absl::StrCat(measured, " measured", noisy > 0 ? absl::StrCat(" (", noisy, " noisy)") : "",
                      skipped > 0 ? absl::StrCat(", ", skipped, " skipped") : "",
                      failed > 0 ? absl::StrCat(", ", failed, " failed") : "");
}

std::string VersionText(const v1::BuildInfo& build) {
  return absl::StrCat("actbench ", build.version(),
                      build.revision().empty() ? "" : absl::StrCat(" (", build.revision(), ")"));
}

}  // namespace actbench::client
