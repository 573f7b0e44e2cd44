// SPDX-License-Identifier: Apache-2.0
#include "client/report_junit.h"

#include "absl/strings/str_cat.h"
#include "client/benchmark_result.h"
#include "client/junit.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

constexpr double kNsPerSecond = 1e9;

// A line for each fact that is known.
std::string Numbers(const v1::BenchmarkResult& result) {
  const std::string interval =
      HasInterval(result) ? absl::StrCat(" (95 % interval ", IntervalCell(result), ")") : std::string();
  std::string text =
      absl::StrCat(NsPerElementCell(result), " ns per element", interval, ", ", CallCell(result), " per call\n");
  if (const std::string copy = CopyCell(result); !copy.empty()) absl::StrAppend(&text, copy, " of the copying speed\n");
  if (const std::string ulp = UlpCell(result); !ulp.empty()) absl::StrAppend(&text, "max error ", ulp, " ulp\n");
  if (const std::string note = NoteText(result); !note.empty()) absl::StrAppend(&text, note, "\n");
  return text;
}

JUnitCase TestCase(const v1::BenchmarkResult& result) {
  JUnitCase one;
  one.group = JUnitGroup(result.kernel());
  one.name = result.name();
  if (IsMeasured(result)) {
    one.seconds = result.time().median_ns() / kNsPerSecond;
    one.text = Numbers(result);
    return one;
  }
  one.outcome = result.outcome() == v1::OUTCOME_SKIPPED ? JUnitCase::kSkipped : JUnitCase::kError;
  one.message = one.text = ReasonText(result);
  return one;
}

}  // namespace

std::string JUnitReport(const v1::BenchmarkRun& run) {
  JUnitSuite suite;
  suite.name = absl::StrCat("actbench", run.name().empty() ? "" : " ", run.name());
  suite.time = ToTime(run.time());
  suite.seconds = run.seconds();
  suite.properties = {{"run", run.id()},
                      {"version", VersionText(run.build())},
                      {"build id", run.build_id()},
                      {"fingerprint", run.fingerprint_hash()}};
  for (const v1::FingerprintField& field : run.fingerprint())
    suite.properties.emplace_back(field.name(), field.value());
  for (const v1::BenchmarkResult& result : run.results()) suite.cases.push_back(TestCase(result));
  return JUnitXml(suite);
}

}  // namespace actbench::client
