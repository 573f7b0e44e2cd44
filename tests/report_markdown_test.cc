// SPDX-License-Identifier: Apache-2.0
#include "client/report_markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ReportMarkdownTest : public testing::Test {
 protected:
  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(ReportMarkdownTest, ItBeginsWithTheCounts) {
  EXPECT_THAT(MarkdownReport(run_),
              StartsWith("### Benchmark nightly | &lt;main>: 6 measured (1 noisy), 1 skipped, 1 failed\n\n"
                         "Run 00c0ffee00c0ffee of 2025-11-25 14:03 UTC on A &lt;Processor> &amp; Co, actbench 0.1.0 "
                         "(abcdef0).\n\n"));
}

TEST_F(ReportMarkdownTest, TheFastestOfEachActivationIsBold) {
  const std::string text = MarkdownReport(run_);
  EXPECT_THAT(text, HasSubstr("| sigmoid/forward/f32 | n:65536, dist:normal, cache:hot | **onednn/native/avx512** | "
                              "**0.09375** | **0.09302 to 0.09448** | 1.00 | 67 % | >=2.500e+06 | noisy: steal, "
                              "slow_clock |\n"));
  EXPECT_THAT(text, HasSubstr("| actbench/exact/avx512 | 0.2500 | 0.2480 to 0.2520 | 2.67 | 25 % | 0.5000 | interval "
                              "wider than asked |\n"));
  EXPECT_THAT(text, HasSubstr("| **actbench/fast/avx2** | **0.3750** |"));
  EXPECT_THAT(text, HasSubstr("| libm/native/scalar | 4.000 | 3.969 to 4.031 | 42.67 | 1.6 % | inf |  |\n"));
}

TEST_F(ReportMarkdownTest, OddCharactersStandForThemselves) {
  const std::string text = MarkdownReport(run_);
  EXPECT_THAT(text, HasSubstr("| a \"b\" &lt;c> &amp; 'd' \\| \\`e\\`, \\\\f/native/avx2 |"));
  run_.set_name("*a* [b](c) _d_ gelu_erf @e #1\n\n# f");
  EXPECT_THAT(MarkdownReport(run_),
              StartsWith("### Benchmark \\*a\\* \\[b\\](c) \\_d\\_ gelu_erf &#64;e \\#1  \\# f: "));
}

TEST_F(ReportMarkdownTest, WhatWasNotMeasuredSaysWhy) {
  EXPECT_THAT(MarkdownReport(run_),
              HasSubstr("| not measured | outcome | why |\n| --- | --- | --- |\n"
                        "| sigmoid/forward/f32/onednn/native/avx2/n:65536/dist:normal/cache:hot | skipped | onednn has "
                        "no \"avx2\" kernel, only &lt;avx512> &amp; others |\n"
                        "| sigmoid/forward/f32/actbench/fast/avx2/n:65536/dist:normal/cache:hot | error | the worker "
                        "ended by signal 11 |\n\n"));
  run_.mutable_results()->DeleteSubrange(6, 2);
  EXPECT_THAT(MarkdownReport(run_), Not(HasSubstr("not measured")));
  run_.clear_results();
  EXPECT_THAT(MarkdownReport(run_), HasSubstr(": 0 measured\n"));
}

TEST_F(ReportMarkdownTest, TheFingerprintIsAtTheEnd) {
  const std::string text = MarkdownReport(run_);
  EXPECT_THAT(text.substr(text.find("<details>")),
              StartsWith("<details><summary>Fingerprint 0123456789abcdef: times of others are not to be compared"
                         "</summary>\n\n| what times depend on |  |\n"));
  EXPECT_THAT(text, HasSubstr("| caches | l1 48 KiB, l2 1024 KiB, l3 32768 KiB |\n"));
}

TEST_F(ReportMarkdownTest, SharedConditionsAreToldOnce) {
  run_.mutable_results()->DeleteSubrange(5, 1);
  const std::string text = MarkdownReport(run_);
  EXPECT_THAT(text, HasSubstr("All with n:65536, dist:normal, cache:hot. In bold"));
  EXPECT_THAT(text, HasSubstr("| sigmoid/forward/f32 | actbench/fast/avx512 | 0.1250 |"));
}

TEST_F(ReportMarkdownTest, LongTablesAreFoldedBelowTheFastest) {
  EXPECT_THAT(MarkdownReport(run_), Not(HasSubstr("measured cases</summary>")));
  for (int i = 0; i < 60; ++i) Measure(AddResult(run_, "p" + std::to_string(i), "native", "avx2"), 65536.0 + i);
  const std::string text = MarkdownReport(run_);
  const size_t folded = text.find("<details><summary>All 66 measured cases</summary>\n\n|");
  ASSERT_NE(folded, std::string::npos);
  EXPECT_LT(text.find("**onednn/native/avx512**"), folded);
  EXPECT_GT(text.find("p59/native/avx2"), folded);
}

}  // namespace
}  // namespace actbench::client
