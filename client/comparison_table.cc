// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/accuracy_table.h"
#include "client/format.h"

namespace actbench::client {
namespace {

// Of a ratio: "+4.8", never "-0.0".
std::string PercentText(double ratio) {
  const double percent = (ratio - 1) * 100;
  return absl::StrFormat("%+.1f", std::abs(percent) < 0.05 ? 0.0 : percent);
}

// What calls for attention is in capitals.
std::string SpeedCell(const ComparisonRow& row) {
  switch (SpeedOf(row)) {
    case SpeedVerdict::kSame:
      return "same";
    case SpeedVerdict::kFaster:
      return "faster";
    case SpeedVerdict::kSlower:
      return row.accepted ? "slower (accepted)" : "SLOWER";
    case SpeedVerdict::kAmbiguous:
      return "ambiguous";
    case SpeedVerdict::kUntrusted:
      return "UNTRUSTED";
    case SpeedVerdict::kSkipped:
      return "skipped";
    case SpeedVerdict::kError:
      break;
  }
  return "ERROR";
}

std::string UlpCell(const ComparisonRow& row) {
  const v1::BenchmarkAccuracy& base = row.speed.base_accuracy();
  const v1::BenchmarkAccuracy& head = row.speed.head_accuracy();
  return absl::StrCat("ulp ", MaxUlpText(base.max_ulp(), base.mode()), " -> ", MaxUlpText(head.max_ulp(), head.mode()));
}

std::string AccuracyCell(const ComparisonRow& row) {
  const AccuracyJudgement judgement = JudgeAccuracy(row);
  switch (judgement.verdict) {
    case AccuracyVerdict::kUnknown:
      return row.speed.has_base_accuracy() && row.speed.has_head_accuracy() ? UlpCell(row) + " (other inputs)" : "";
    case AccuracyVerdict::kSameBits:
      return "same bits";
    case AccuracyVerdict::kNotWorse:
      return UlpCell(row);
    case AccuracyVerdict::kWorse:
      return absl::StrCat(row.accepted ? "worse (accepted): " : "WORSE: ", absl::StrJoin(judgement.reasons, "; "));
    case AccuracyVerdict::kFailed:
      break;
  }
  return absl::StrCat("NOT MEASURED: ", judgement.reasons.front());
}

std::string NsText(double ns, const ComparisonRow& row) {
  return MeasuredDecimal(ns / static_cast<double>(row.speed.elements()));
}

// "+0.1 % to +0.4 %" of a control over all rows that have it; empty if none has.
template <class Has, class Get>
std::string RangeText(const Comparison& comparison, const Has& has, const Get& get) {
  std::optional<double> least;
  std::optional<double> most;
  for (const ComparisonRow& row : comparison.rows) {
    if (!has(row.speed)) continue;
    least = std::min(least.value_or(HUGE_VAL), get(row.speed).ratio());
    most = std::max(most.value_or(-HUGE_VAL), get(row.speed).ratio());
  }
  if (!least.has_value()) return "";
  return PercentText(*least) == PercentText(*most)
             ? absl::StrCat(PercentText(*least), " %")
             : absl::StrCat(PercentText(*least), " to ", PercentText(*most), " %");
}

// "Controls: ...", empty if there were none.
std::string ControlsText(const Comparison& comparison) {
  using Speed = v1::SpeedComparison;
  std::vector<std::string> parts;
  const auto add = [&](const std::string& name, const std::string& range) {
    if (!range.empty()) parts.push_back(absl::StrCat(name, " ", range));
  };
  add("BASE against its copy", RangeText(comparison, std::mem_fn(&Speed::has_control), std::mem_fn(&Speed::control)));
  const auto injected = std::find_if(comparison.rows.begin(), comparison.rows.end(),
                                     [](const ComparisonRow& row) { return row.speed.has_injected(); });
  if (injected != comparison.rows.end()) {
    add(absl::StrCat(PercentText(injected->speed.injected_work()), " % of work measured as"),
        RangeText(comparison, std::mem_fn(&Speed::has_injected), std::mem_fn(&Speed::injected)));
  }
  add("BASE in another layout", RangeText(comparison, std::mem_fn(&Speed::has_layout), std::mem_fn(&Speed::layout)));
  return parts.empty() ? "" : absl::StrCat("Controls: ", absl::StrJoin(parts, ", "), ".");
}

// "skipped: the reason", and what is known of its accuracy.
std::string UntimedText(const ComparisonRow& row) {
  const std::string accuracy = AccuracyCell(row);
  return absl::StrCat(SpeedCell(row), ": ", absl::StrReplaceAll(ReasonText(row), {{"\n", " "}}),
                      accuracy.empty() ? "" : "; accuracy: ", accuracy);
}

bool HasConditions(const ComparisonRow& row) { return !ConditionsText(row).empty(); }

}  // namespace

std::string RatioText(const v1::RatioEstimate& estimate) {
  return absl::StrCat(PercentText(estimate.ratio()), " % (", PercentText(estimate.low()), " to ",
                      PercentText(estimate.high()), ")");
}

ComparisonCells CellsOf(const ComparisonRow& row) {
  ComparisonCells cells;
  cells.speed = SpeedCell(row);
  cells.accuracy = AccuracyCell(row);
  if (!HasTimes(row)) return cells;
  cells.base_ns = NsText(row.speed.base_ns(), row);
  cells.head_ns = NsText(row.speed.head_ns(), row);
  cells.ratio = RatioText(row.speed.ratio());
  const double detectable = row.speed.detectable();
  if (std::isfinite(detectable) && detectable > 0) cells.detectable = absl::StrFormat("%.1f %%", detectable * 100);
  return cells;
}

std::string SharedConditions(const Comparison& comparison) {
  const auto first = std::find_if(comparison.rows.begin(), comparison.rows.end(), HasConditions);
  if (first == comparison.rows.end()) return "";
  const std::string conditions = ConditionsText(*first);
  const bool shared = std::all_of(first, comparison.rows.end(), [&](const ComparisonRow& row) {
    return !HasConditions(row) || ConditionsText(row) == conditions;
  });
  return shared ? conditions : "";
}

std::string RowName(const ComparisonRow& row, const std::string& shared_conditions) {
  return shared_conditions.empty() ? FullName(row) : KernelText(row);
}

std::vector<std::string> NotesOf(const Comparison& comparison) {
  std::vector<std::string> notes;
  const v1::ComparisonSummary& summary = comparison.summary;
  if (const std::string shared = SharedConditions(comparison); !shared.empty()) {
    notes.push_back(absl::StrCat("All with ", absl::StrReplaceAll(shared, {{"/", ", "}}), "."));
  }
  if (std::string controls = ControlsText(comparison); !controls.empty()) notes.push_back(std::move(controls));
  const bool any_compared = std::any_of(comparison.rows.begin(), comparison.rows.end(), HasTimes);
  if (!summary.paired() && any_compared) {
    notes.emplace_back("Measured one after the other: what changed on the machine meanwhile counts as well.");
  }
  if (!summary.head_fingerprint_hash().empty() && summary.head_fingerprint_hash() != summary.fingerprint_hash()) {
    notes.push_back(absl::StrCat("DIFFERENT MACHINES, ", summary.fingerprint_hash(), " and ",
                                 summary.head_fingerprint_hash(), ": the ratios tell them apart, not the kernels."));
  }
  return notes;
}

std::string ComparisonTableText(const Comparison& comparison) {
  const std::string shared = SharedConditions(comparison);
  std::vector<Column> columns = {{"case", false, 4},     {"ns/element", true, 10}, {"head to base", true, 12},
                                 {"could see", true, 9}, {"speed", false, 9},      {"accuracy", false, 0}};
  std::vector<std::vector<std::string>> lines;
  std::string reasons;
  for (const ComparisonRow& row : comparison.rows) {
    const ComparisonCells cells = CellsOf(row);
    const std::string name = RowName(row, shared);
    if (!HasTimes(row)) {
      lines.push_back({name, UntimedText(row)});
      columns[0].width = std::max(columns[0].width, name.size());
      continue;
    }
    lines.push_back({name, absl::StrCat(cells.base_ns, " -> ", cells.head_ns), cells.ratio, cells.detectable,
                     cells.speed, cells.accuracy});
    for (size_t i = 0; i + 1 < columns.size(); ++i)
      columns[i].width = std::max(columns[i].width, lines.back()[i].size());
    if (SpeedOf(row) == SpeedVerdict::kAmbiguous && !ReasonText(row).empty()) {
      absl::StrAppend(&reasons, name, ": ambiguous: ", ReasonText(row), "\n");
    }
  }
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Column& column : columns) names.push_back(column.name);
  std::string text = AlignedLine(columns, names);
  for (const std::vector<std::string>& line : lines) text += AlignedLine(columns, line);
  text += reasons;
  for (const std::string& note : NotesOf(comparison)) absl::StrAppend(&text, note, "\n");
  return text;
}

}  // namespace actbench::client
