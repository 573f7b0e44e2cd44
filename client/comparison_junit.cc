// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_junit.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/comparison_table.h"
#include "client/junit.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

constexpr double kNsPerSecond = 1e9;

// A line for each fact that is known.
std::string Numbers(const ComparisonRow& row) {
  const ComparisonCells cells = CellsOf(row);
  std::vector<std::string> lines = {absl::StrCat("speed: ", cells.speed)};
  if (HasTimes(row)) {
    lines.push_back(absl::StrCat(cells.ratio, ": ", cells.base_ns, " -> ", cells.head_ns, " ns per element"));
  }
  if (row.speed.has_confirmation()) {
    lines.push_back(absl::StrCat("in the second pass ", RatioText(row.speed.confirmation())));
  }
  if (!cells.detectable.empty()) lines.push_back(absl::StrCat("could have seen ", cells.detectable, " or more"));
  if (row.speed.has_control()) lines.push_back(absl::StrCat("base against its copy ", RatioText(row.speed.control())));
  if (const std::string reason = ReasonText(row); !reason.empty()) lines.push_back(reason);
  if (!cells.accuracy.empty()) lines.push_back(absl::StrCat("accuracy: ", cells.accuracy));
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

// Why it did not pass.
std::string Message(const ComparisonRow& row) {
  const ComparisonCells cells = CellsOf(row);
  std::vector<std::string> parts;
  if (SpeedOf(row) == SpeedVerdict::kSlower) parts.push_back(absl::StrCat(cells.speed, " ", cells.ratio));
  if (const std::string reason = ReasonText(row); !reason.empty()) parts.push_back(reason);
  const AccuracyVerdict accuracy = JudgeAccuracy(row).verdict;
  if (accuracy == AccuracyVerdict::kWorse || accuracy == AccuracyVerdict::kFailed) parts.push_back(cells.accuracy);
  return absl::StrJoin(parts, "; ");
}

JUnitCase::Outcome OutcomeOf(const ComparisonRow& row) {
  const SpeedVerdict speed = SpeedOf(row);
  if (IsRegression(row)) return JUnitCase::kFailed;
  if (speed == SpeedVerdict::kError || JudgeAccuracy(row).verdict == AccuracyVerdict::kFailed) return JUnitCase::kError;
  const bool untold = speed == SpeedVerdict::kSkipped || speed == SpeedVerdict::kUntrusted;
  return untold ? JUnitCase::kSkipped : JUnitCase::kPassed;
}

JUnitCase TestCase(const ComparisonRow& row) {
  JUnitCase one;
  one.group = JUnitGroup(row.speed.base().name().empty() ? row.speed.head() : row.speed.base());
  one.name = FullName(row);
  if (HasTimes(row)) one.seconds = row.speed.head_ns() / kNsPerSecond;
  one.outcome = OutcomeOf(row);
  one.message = Message(row);
  one.text = Numbers(row);
  return one;
}

}  // namespace

std::string ComparisonJUnit(const Comparison& comparison) {
  const v1::ComparisonSummary& summary = comparison.summary;
  JUnitSuite suite;
  suite.name = absl::StrCat("actbench compare ", comparison.base, " ", comparison.head);
  if (summary.has_time()) suite.time = ToTime(summary.time());
  suite.seconds = summary.seconds();
  suite.properties = {{"verdict", Judge(comparison.rows).text}, {"fingerprint", summary.fingerprint_hash()}};
  for (const std::string& note : NotesOf(comparison)) suite.properties.emplace_back("note", note);
  for (const v1::FingerprintField& field : summary.fingerprint()) {
    suite.properties.emplace_back(field.name(), field.value());
  }
  for (const ComparisonRow& row : comparison.rows) suite.cases.push_back(TestCase(row));
  return JUnitXml(suite);
}

}  // namespace actbench::client
