// SPDX-License-Identifier: Apache-2.0
// compare_command_test.py parses such a text as XML.
#include "client/comparison_junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handmade_comparison.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ComparisonJUnitTest, TheSuiteHasTheCounts) {
  EXPECT_THAT(ComparisonJUnit(MakeHandmadeComparison()),
              StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<testsuites tests=\"9\" failures=\"2\" errors=\"2\" skipped=\"1\" time=\"12.500000000000\">\n"
                         "  <testsuite name=\"actbench compare base.so a|b/head.so\" "));
}

TEST(ComparisonJUnitTest, ARegressionFails) {
  EXPECT_THAT(
      ComparisonJUnit(MakeHandmadeComparison()),
      HasSubstr("<testcase classname=\"sigmoid.forward.f32\" "
                "name=\"sigmoid/forward/f32/exact/avx2/n:65536/dist:normal/cache:hot\" time=\"0.000008576000\">\n"
                "      <failure message=\"SLOWER +4.7 % (+3.9 to +5.5); WORSE: bits of 1,234 outputs changed\" "
                "type=\"failure\">speed: SLOWER\n"
                "+4.7 % (+3.9 to +5.5): 0.125 -&gt; 0.131 ns per element\n"
                "in the second pass +5.0 % (+4.5 to +5.5)\n"
                "could have seen 4.1 % or more\n"));
}

TEST(ComparisonJUnitTest, WhatIsAcceptedOrAmbiguousPasses) {
  const std::string text = ComparisonJUnit(MakeHandmadeComparison());
  EXPECT_THAT(text, HasSubstr("<system-out>speed: slower (accepted)\n"));
  EXPECT_THAT(text, HasSubstr("<system-out>speed: ambiguous\n"));
  EXPECT_THAT(text, HasSubstr("\nthe interval holds 1.03 after 64 processes\n"));
}

TEST(ComparisonJUnitTest, WhatCannotBeTrustedIsSkippedAndWhatWentWrongAnError) {
  Comparison comparison;
  comparison.rows = {MakeRow(v1::VERDICT_UNTRUSTED, 1), MakeFailedRow()};
  comparison.rows[0].speed.set_reason("the copy differs");
  const std::string text = ComparisonJUnit(comparison);
  EXPECT_THAT(text, HasSubstr("<skipped message=\"the copy differs\"/>"));
  EXPECT_THAT(text, HasSubstr("<error message=\"the worker ended by signal 11\" type=\"error\">"));
}

TEST(ComparisonJUnitTest, OfRunsThereIsNoTime) {
  EXPECT_THAT(ComparisonJUnit(MakeHandmadeComparison()), HasSubstr(" timestamp=\"2025-11-25T14:03:11\">"));
  EXPECT_THAT(ComparisonJUnit({}), testing::Not(HasSubstr("timestamp")));
}

}  // namespace
}  // namespace actbench::client
