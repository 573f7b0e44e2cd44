// SPDX-License-Identifier: Apache-2.0
// report_command_test.py looks whether the elements of such a page are closed, and that it refers to nothing outside.
#include "client/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/report_page.h"
#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class ReportHtmlTest : public testing::Test {
 protected:
  std::string Page() const { return HtmlReport(run_); }

  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(ReportHtmlTest, ItBeginsWithWhatWasRunAndTheCounts) {
  EXPECT_THAT(Page(), StartsWith("<!DOCTYPE html>\n<html lang=\"en\">"));
  EXPECT_THAT(Page(), HasSubstr("<title>nightly | &lt;main&gt; - actbench</title>"));
  EXPECT_THAT(Page(), HasSubstr("<h1>nightly | &lt;main&gt;</h1>"));
  EXPECT_THAT(Page(),
              HasSubstr("2025-11-25 14:03 UTC · A &lt;Processor&gt; &amp; Co · actbench 0.1.0 (abcdef0) · 13 s"));
  EXPECT_THAT(Page(),
              HasSubstr("<li class=\"measured\"><b>6</b>measured</li><li class=\"noisy\"><b>1</b>of these "
                        "noisy</li><li class=\"skipped\"><b>1</b>skipped</li><li class=\"error\"><b>1</b>failed"));
  run_.clear_name();
  EXPECT_THAT(Page(), HasSubstr("<h1>Benchmark run 00c0ffee00c0ffee</h1>"));
}

TEST_F(ReportHtmlTest, TextIsNeverMarkup) {
  run_.set_name("<script>alert(1)</script>");
  run_.set_id("\"><img src=x>");
  run_.mutable_results(0)->mutable_kernel()->set_tier("<b>");
  run_.mutable_results(6)->set_message("<i>");
  run_.mutable_results(2)->mutable_noise()->set_reasons(0, "<u>");
  run_.mutable_fingerprint(0)->set_value("</code><s>");
  for (const char* part : {"<script>alert", "<img", "<b>/", "<i>", "<u>", "<s>", "<c>"}) {
    EXPECT_THAT(Page(), Not(HasSubstr(part)));
  }
  EXPECT_EQ(Count(Page(), "<script>"), 1);
}

TEST_F(ReportHtmlTest, GroupsHaveATableAndAPlotEachAndAnOverview) {
  EXPECT_EQ(Count(Page(), "<svg class=\"plot wide\""), 2) << "the overview and sigmoid; swish has one kernel";
  EXPECT_EQ(Count(Page(), "<svg class=\"plot narrow\""), 2);
  EXPECT_THAT(Page(), HasSubstr("<a href=\"#g1\">swish/gradient/f32</a>"));
  EXPECT_THAT(Page(), HasSubstr("<section id=\"g1\">"));
  EXPECT_THAT(Page(), HasSubstr("data-all=\"2 0 1 4 3\""));
  run_.mutable_results()->DeleteSubrange(5, 1);
  EXPECT_EQ(Count(Page(), "<svg class=\"plot wide\""), 1);
  EXPECT_THAT(Page(), Not(HasSubstr("id=\"overview\"")));
}

TEST_F(ReportHtmlTest, RowsHaveNumbersToSortBy) {
  EXPECT_THAT(Page(), HasSubstr("<code>actbench/fast/avx512</code></td><td class=\"n\" data-v=\"0.125\">0.1250</td>"));
  EXPECT_THAT(Page(), HasSubstr("<td class=\"n\" data-v=\"1.5\">1.5000</td>"));
  EXPECT_THAT(Page(), HasSubstr("<td class=\"n\" data-v=\"Infinity\">∞</td>"));
  EXPECT_THAT(Page(), HasSubstr("<td class=\"n\" data-v=\"2500000.0\">≥ 2.500e+06</td>"));
  EXPECT_THAT(Page(), HasSubstr("<code>onednn/native/avx512</code><span class=\"badge fastest\">fastest</span>"));
}

TEST_F(ReportHtmlTest, NoiseIsMarkedAndExplained) {
  EXPECT_THAT(Page(), HasSubstr("<span class=\"badge noisy\">noisy</span> steal, slow_clock</td>"));
  EXPECT_THAT(Page(), HasSubstr("<span class=\"badge wide\">wide interval</span>"));
  EXPECT_THAT(Page(), Not(HasSubstr("no interval")));
  EXPECT_THAT(Page(),
              HasSubstr("<td>steal, slow_clock</td><td>other_work 1, steal 7</td>"
                        "<td class=\"n\" data-v=\"0.25\">25.0 %</td><td class=\"n\" data-v=\"0.5\">50.0 %</td>"));
  run_.mutable_results()->DeleteSubrange(2, 1);
  EXPECT_THAT(Page(), Not(HasSubstr("What disturbed the machine")));
}

TEST_F(ReportHtmlTest, OneProcessHasNoInterval) {
  const int spans = Count(Page(), "<path class=\"span ");
  LeaveOneProcess(*run_.mutable_results(0), true);
  EXPECT_EQ(Count(Page(), "<path class=\"span "), spans - 1);
  EXPECT_THAT(Page(), HasSubstr("<span class=\"badge wide\">no interval</span>"));
  EXPECT_THAT(Page(), HasSubstr("<span class=\"quiet\">-</span>"));
  EXPECT_THAT(Page(), HasSubstr("0.1250 ns per element\n")) << "the point's title";
}

TEST_F(ReportHtmlTest, WhatWasNotMeasuredSaysWhy) {
  EXPECT_THAT(Page(), HasSubstr("<span class=\"badge skipped\">skipped</span></td><td class=\"why\">onednn has no "
                                "&quot;avx2&quot; kernel,\nonly &lt;avx512&gt; &amp; others</td>"));
  EXPECT_THAT(Page(), HasSubstr("the worker ended by signal 11"));
}

TEST_F(ReportHtmlTest, TheFingerprintIsThere) {
  EXPECT_THAT(Page(), HasSubstr("<h2>Fingerprint <code>0123456789abcdef</code></h2>"));
  EXPECT_THAT(Page(),
              HasSubstr("<td>caches</td><td class=\"facts\"><code>l1 48 KiB, l2 1024 KiB, l3 32768 KiB</code>"));
}

TEST_F(ReportHtmlTest, ManyGroupsAreFolded) {
  EXPECT_THAT(Page(), Not(HasSubstr("<details")));
  for (int i = 0; i < 6; ++i) {
    v1::BenchmarkResult& result = Measure(AddResult(run_, "actbench", "fast", "avx2"), 1000);
    result.set_name(result.kernel().name() + "/n:" + std::to_string(i));
  }
  EXPECT_EQ(Count(Page(), "<details class=\"group\""), 8);
}

TEST_F(ReportHtmlTest, ARunOfWhichNothingWasMeasuredHasAPageToo) {
  run_.mutable_results()->DeleteSubrange(0, 6);
  EXPECT_THAT(Page(), HasSubstr("<b>0</b>measured"));
  EXPECT_THAT(Page(), HasSubstr("Not measured"));
  EXPECT_THAT(HtmlReport({}), HasSubstr("<b>0</b>measured"));
}

TEST(HtmlTableTest, CellsHaveTheStyleOfTheirColumn) {
  HtmlTable table({{"a < b", "n"}, {"c", "", false}});
  EXPECT_TRUE(table.empty());
  table.AddRow({{"1", 0.1}, {"<b>2</b>"}}, "data-r=\"3\"");
  EXPECT_THAT(table.Html(), HasSubstr("<th scope=\"col\" class=\"n\" data-sort>a &lt; b</th><th scope=\"col\">c</th>"));
  EXPECT_THAT(table.Html(), HasSubstr("<tr data-r=\"3\"><td class=\"n\" data-v=\"0.1\">1</td><td><b>2</b></td></tr>"));
}

}  // namespace
}  // namespace actbench::client
