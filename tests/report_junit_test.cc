// SPDX-License-Identifier: Apache-2.0
// report_command_test.py parses such a text as XML.
#include "client/report_junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ReportJUnitTest : public testing::Test {
 protected:
  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(ReportJUnitTest, TheSuiteHasTheCounts) {
  EXPECT_THAT(
      JUnitReport(run_),
      StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites tests=\"8\" failures=\"0\" errors=\"1\" skipped=\"1\" time=\"12.500000000000\">\n"
                 "  <testsuite name=\"actbench nightly | &lt;main&gt;\" tests=\"8\" failures=\"0\" errors=\"1\" "
                 "skipped=\"1\" time=\"12.500000000000\" timestamp=\"2025-11-25T14:03:11\">\n"
                 "    <properties>\n      <property name=\"run\" value=\"00c0ffee00c0ffee\"/>\n"));
}

TEST_F(ReportJUnitTest, AMeasuredCasePassesWithItsNumbers) {
  EXPECT_THAT(
      JUnitReport(run_),
      HasSubstr("    <testcase classname=\"sigmoid.forward.f32\" "
                "name=\"sigmoid/forward/f32/onednn/native/avx512/n:65536/dist:normal/cache:hot\" "
                "time=\"0.000006144000\">\n"
                "      <system-out>0.09375 ns per element (95 % interval 0.09302 to 0.09448), 6.14 us per call\n"
                "67 % of the copying speed\nmax error &gt;=2.500e+06 ulp\nnoisy: steal, slow_clock\n"
                "</system-out>\n    </testcase>\n"));
}

TEST_F(ReportJUnitTest, OneProcessHasNoInterval) {
  LeaveOneProcess(*run_.mutable_results(0));
  EXPECT_THAT(JUnitReport(run_), HasSubstr("<system-out>0.1250 ns per element, 8.19 us per call\n"));
}

TEST_F(ReportJUnitTest, OthersAreSkippedOrErrorsWithoutATime) {
  const std::string text = JUnitReport(run_);
  EXPECT_THAT(text,
              HasSubstr("onednn/native/avx2/n:65536/dist:normal/cache:hot\">\n      <skipped message=\"onednn has "
                        "no &quot;avx2&quot; kernel,\nonly &lt;avx512&gt; &amp; others\"/>\n    </testcase>"));
  EXPECT_THAT(text, HasSubstr("actbench/fast/avx2/n:65536/dist:normal/cache:hot\">\n      <error message=\"the worker "
                              "ended by signal 11\" type=\"error\">the worker ended by signal 11</error>"));
  EXPECT_THAT(text, Not(HasSubstr("<failure")));
}

TEST_F(ReportJUnitTest, ACaseWithoutTimesIsNeverPassed) {
  run_.mutable_results(0)->clear_time();
  EXPECT_THAT(JUnitReport(run_), HasSubstr("errors=\"2\""));
}

}  // namespace
}  // namespace actbench::client
