// SPDX-License-Identifier: Apache-2.0
#include "client/junit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "client/markup.h"
#include "client/tensor.h"
#include "proto/tensor.h"

namespace actbench::client {
namespace {

std::string Attribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(" ", name, "=\"", Escape(value), "\"");
}

// In seconds, never with an exponent.
std::string Seconds(double seconds) { return absl::StrFormat("%.12f", seconds); }

std::string OutcomeXml(const JUnitCase& one) {
  switch (one.outcome) {
    case JUnitCase::kPassed:
      return absl::StrCat("<system-out>", Escape(one.text), "</system-out>");
    case JUnitCase::kSkipped:
      return absl::StrCat("<skipped", Attribute("message", one.message), "/>");
    case JUnitCase::kFailed:
      return absl::StrCat("<failure", Attribute("message", one.message), " type=\"failure\">", Escape(one.text),
                          "</failure>");
    case JUnitCase::kError:
      break;
  }
  return absl::StrCat("<error", Attribute("message", one.message), " type=\"error\">", Escape(one.text), "</error>");
}

std::string CaseXml(const JUnitCase& one) {
  return absl::StrCat("    <testcase", Attribute("classname", one.group), Attribute("name", one.name),
                      one.seconds.has_value() ? Attribute("time", Seconds(*one.seconds)) : "", ">\n      ",
                      OutcomeXml(one), "\n    </testcase>\n");
}

std::string PropertiesXml(const JUnitSuite& suite) {
  std::string text = "    <properties>\n";
  for (const auto& [name, value] : suite.properties) {
    absl::StrAppend(&text, "      <property", Attribute("name", name), Attribute("value", value), "/>\n");
  }
  return absl::StrCat(text, "    </properties>\n");
}

}  // namespace

std::string JUnitXml(const JUnitSuite& suite) {
  const auto count = [&](JUnitCase::Outcome outcome) {
    return std::count_if(suite.cases.begin(), suite.cases.end(),
                         [&](const JUnitCase& one) { return one.outcome == outcome; });
  };
  const std::string counts = absl::StrCat(" tests=\"", suite.cases.size(), "\" failures=\"", count(JUnitCase::kFailed),
                                          "\" errors=\"", count(JUnitCase::kError), "\" skipped=\"",
                                          count(JUnitCase::kSkipped), "\" time=\"", Seconds(suite.seconds), "\"");
  // Of this form without a zone, as JUnit's schema has it; in UTC.
  const std::string time =
      suite.time.has_value()
          ? Attribute("timestamp", absl::FormatTime("%Y-%m-%dT%H:%M:%S", *suite.time, absl::UTCTimeZone()))
          : "";
  std::string cases;
  for (const JUnitCase& one : suite.cases) cases += CaseXml(one);
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", counts, ">\n  <testsuite",
                      Attribute("name", suite.name), counts, time, ">\n", PropertiesXml(suite), cases,
                      "  </testsuite>\n</testsuites>\n");
}

std::string JUnitGroup(const v1::Kernel& kernel) {
  return absl::StrCat(kernel.activation(), ".", DirectionName(kernel.direction()), ".", DtypeText(kernel.dtype()));
}

}  // namespace actbench::client
