// SPDX-License-Identifier: Apache-2.0
// report_command_test.py has promtool read such a text.
#include "client/report_openmetrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr char kSwish[] =
    "{case=\"swish/gradient/f32/actbench/fast/avx2/n:65536/dist:normal/cache:hot/beta=1.5\",activation=\"swish\","
    "direction=\"gradient\",dtype=\"f32\",provider=\"actbench\",tier=\"fast\",device=\"cpu\",isa=\"avx2\","
    "fingerprint=\"0123456789abcdef\"";

class ReportOpenMetricsTest : public testing::Test {
 protected:
  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(ReportOpenMetricsTest, ValuesAreInBaseUnitsWithTheTimeOfTheRun) {
  const std::string text = OpenMetricsReport(run_);
  for (const char* sample : {",stat=\"median\"} 2.4576e-05 1764079391\n", ",stat=\"p99\"} 3.072e-05 1764079391\n"}) {
    EXPECT_THAT(text, HasSubstr(std::string("actbench_bench_result_seconds") + kSwish + sample));
  }
  EXPECT_THAT(text, HasSubstr(std::string("actbench_bench_result_copy_ratio") + kSwish + "} 0.25 1764079391\n"));
  EXPECT_THAT(text, HasSubstr(std::string("actbench_bench_result_max_ulp") + kSwish + "} 1.75 1764079391\n"));
  EXPECT_THAT(text, HasSubstr(std::string("actbench_bench_result_noisy") + kSwish + "} 0.0 1764079391\n"));
  EXPECT_THAT(text, HasSubstr("} +Inf 1764079391\n")) << "an infinite error";
  EXPECT_THAT(text, HasSubstr("actbench_bench_cases{outcome=\"skipped\",fingerprint=\"0123456789abcdef\"} 1.0 "));
  EXPECT_THAT(text, EndsWith("\n# EOF\n"));
}

TEST_F(ReportOpenMetricsTest, OneProcessHasNoInterval) {
  EXPECT_THAT(OpenMetricsReport(run_), HasSubstr(std::string(kSwish) + ",stat=\"median_low\"}"));
  LeaveOneProcess(*run_.mutable_results(5));
  EXPECT_THAT(OpenMetricsReport(run_), HasSubstr(std::string(kSwish) + ",stat=\"median\"}"));
  EXPECT_THAT(OpenMetricsReport(run_), Not(HasSubstr(std::string(kSwish) + ",stat=\"median_")));
}

TEST_F(ReportOpenMetricsTest, LabelsAreEscaped) {
  EXPECT_THAT(OpenMetricsReport(run_), HasSubstr(",provider=\"a \\\"b\\\" <c> & 'd' | `e`, \\\\f\","));
  run_.set_name("a\nb");
  EXPECT_THAT(OpenMetricsReport(run_), HasSubstr("run_name=\"a\\nb\""));
}

TEST_F(ReportOpenMetricsTest, WhatWasNotMeasuredHasNoSamples) {
  EXPECT_THAT(OpenMetricsReport(run_), Not(HasSubstr(run_.results(6).name())));
  EXPECT_THAT(OpenMetricsReport(run_), Not(HasSubstr(run_.results(7).name())));
}

TEST_F(ReportOpenMetricsTest, FamiliesAreInOnePieceAndSeriesUnique) {
  std::set<std::string> families;
  std::set<std::string> series;
  std::string family;
  const std::string text = OpenMetricsReport(run_);
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "#" && words[1] == "TYPE") {
      family = words[2];
      EXPECT_TRUE(families.insert(family).second) << family;
    } else if (words[0] != "#") {
      EXPECT_TRUE(absl::StartsWith(line, family + "{")) << line;
      EXPECT_TRUE(series.insert(std::string(line.substr(0, line.rfind('}')))).second) << line;
    }
  }
  EXPECT_EQ(series.size(), 1U + 3 + 6 * 6 + 6 + 6 + 5 + 6);
}

TEST_F(ReportOpenMetricsTest, TheFamiliesAreThoseOfTheDocument) {
  std::stringstream text;
  text << std::ifstream(ACTBENCH_SOURCE_DIRECTORY "/docs/formats.md").rdbuf();
  const std::string page = text.str();
  const std::string report = OpenMetricsReport(run_);
  const auto names = [](const std::string& in, const std::regex& expression) {
    std::vector<std::string> found;
    for (std::sregex_iterator i(in.begin(), in.end(), expression); i != std::sregex_iterator(); ++i) {
      found.push_back((*i)[1]);
    }
    return found;
  };
  EXPECT_EQ(names(page, std::regex("\n\\| `(actbench_bench_[a-z_]+)` \\|")),
            names(report, std::regex("# TYPE (\\S+) gauge")));
}

TEST_F(ReportOpenMetricsTest, ARunWithoutATimeHasNoTimestamps) {
  run_.clear_time();
  EXPECT_THAT(OpenMetricsReport(run_), HasSubstr(",stat=\"median\"} 2.4576e-05\n"));
}

}  // namespace
}  // namespace actbench::client
