// SPDX-License-Identifier: Apache-2.0
#include "client/report_junit.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/benchmark_result.h"
#include "client/markup.h"
#include "client/tensor.h"
#include "client/timestamp.h"
#include "proto/dtype.h"

namespace actbench::client {
namespace {

constexpr double kNsPerSecond = 1e9;

std::string Attribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(" ", name, "=\"", Escape(value), "\"");
}

// In seconds, never with an exponent.
std::string Seconds(double seconds) { return absl::StrFormat("%.12f", seconds); }

// A line for each fact that is known.
std::string Numbers(const v1::BenchmarkResult& result) {
  std::string text = absl::StrCat(NsPerElementCell(result), " ns per element (95 % interval ", IntervalCell(result),
                                  "), ", CallCell(result), " per call\n");
  if (const std::string copy = CopyCell(result); !copy.empty()) absl::StrAppend(&text, copy, " of the copying speed\n");
  if (const std::string ulp = UlpCell(result); !ulp.empty()) absl::StrAppend(&text, "max error ", ulp, " ulp\n");
  if (const std::string note = NoteText(result); !note.empty()) absl::StrAppend(&text, note, "\n");
  return text;
}

std::string TestCase(const v1::BenchmarkResult& result) {
  const v1::Kernel& kernel = result.kernel();
  const bool measured = IsMeasured(result);
  // Dots, as in names of classes, are what CI systems group by.
  const std::string group =
      absl::StrCat(kernel.activation(), ".", DirectionName(kernel.direction()), ".", DtypeText(kernel.dtype()));
  const std::string start =
      absl::StrCat("    <testcase", Attribute("classname", group), Attribute("name", result.name()),
                   measured ? Attribute("time", Seconds(result.time().median_ns() / kNsPerSecond)) : "", ">\n      ");
  const std::string end = "\n    </testcase>\n";
  if (measured) return absl::StrCat(start, "<system-out>", Escape(Numbers(result)), "</system-out>", end);
  const std::string reason = ReasonText(result);
  if (result.outcome() == v1::OUTCOME_SKIPPED)
    return absl::StrCat(start, "<skipped", Attribute("message", reason), "/>", end);
  return absl::StrCat(start, "<error", Attribute("message", reason), " type=\"error\">", Escape(reason), "</error>",
                      end);
}

std::string Properties(const v1::BenchmarkRun& run) {
  std::string text = "    <properties>\n";
  const auto add = [&](absl::string_view name, absl::string_view value) {
    absl::StrAppend(&text, "      <property", Attribute("name", name), Attribute("value", value), "/>\n");
  };
  add("run", run.id());
  add("version", VersionText(run));
  add("build id", run.build_id());
  add("fingerprint", run.fingerprint_hash());
  for (const v1::FingerprintField& field : run.fingerprint()) add(field.name(), field.value());
  return absl::StrCat(text, "    </properties>\n");
}

}  // namespace

std::string JUnitReport(const v1::BenchmarkRun& run) {
  std::string cases;
  int skipped = 0;
  int errors = 0;
  for (const v1::BenchmarkResult& result : run.results()) {
    absl::StrAppend(&cases, TestCase(result));
    if (!IsMeasured(result)) ++(result.outcome() == v1::OUTCOME_SKIPPED ? skipped : errors);
  }
  const std::string counts = absl::StrCat(" tests=\"", run.results_size(), "\" failures=\"0\" errors=\"", errors,
                                          "\" skipped=\"", skipped, "\" time=\"", Seconds(run.seconds()), "\"");
  // Of this form without a zone, as JUnit's schema has it; in UTC.
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%S", ToTime(run.time()), absl::UTCTimeZone());
  const std::string name = absl::StrCat("actbench", run.name().empty() ? "" : " ", run.name());
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", counts, ">\n  <testsuite",
                      Attribute("name", name), counts, Attribute("timestamp", time), ">\n", Properties(run), cases,
                      "  </testsuite>\n</testsuites>\n");
}

}  // namespace actbench::client
