// SPDX-License-Identifier: Apache-2.0
// study.h: what is told of a study made by hand. study_command_test.py has real ones, and looks whether their pages are
// well-formed.
#include "client/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// A statement of which a number below 1 is to be measured.
constexpr Statement kSmall = {"small", "It is <small> & *beautiful*.", "It is measured.",
                              [](Lab&) -> absl::StatusOr<Findings> {
                                Findings findings;
                                findings.measurements.Add("size", 0.5, "ns");
                                return findings;
                              },
                              [](const Measurements& m) {
                                return Conclusion{m["size"] < 1 ? Verdict::kConfirmed : Verdict::kRefuted,
                                                  "size 0.5 | 1", "It has the size 0.5."};
                              }};
constexpr Statement kMissing = {"missing", "It is there.", "It is looked for.",
                                [](Lab&) -> absl::StatusOr<Findings> { return absl::NotFoundError("no <kernel>"); },
                                nullptr};

class StudyTest : public testing::Test {
 protected:
  StudyTest() {
    study_.time = absl::FromUnixSeconds(1764079391);
    study_.server.mutable_machine()->set_cpu_model("A <Processor> & Co");
    study_.server.mutable_machine()->set_cpu_count(2);
    study_.server.mutable_machine()->add_isas("scalar");
    study_.server.mutable_machine()->add_isas("avx2");
    study_.server.mutable_build()->set_version("0.1.0");
    study_.server.mutable_build()->set_revision("abcdef0");
    study_.seconds = 131.2;
    Findings findings;
    findings.measurements.Add("size", 0.5, "ns");
    findings.measurements.Add("distance.largest", std::numeric_limits<double>::infinity());
    findings.figures = {{"The <size>.", {{"size", {"x"}, {""}, {{"a<b", 1, {{0, 1}, {1, 2}}}}}}},
                        {"Again.", {{"size", {"x"}, {""}, {{"c", 2, {{0, 1}, {1, 2}}}}}}}};
    study_.answers.push_back({&kSmall, absl::OkStatus(), findings, kSmall.judge(findings.measurements)});
    study_.answers.push_back({&kMissing, absl::NotFoundError("no <kernel>")});
  }

  Study study_;
};

TEST_F(StudyTest, VerdictsAreCounted) {
  EXPECT_THAT(CountVerdicts(study_), ElementsAre(Pair("confirmed", 1), Pair("not measured", 1)));
}

TEST_F(StudyTest, CountsAreSentences) {
  EXPECT_EQ(CountsText(study_), "1 confirmed, 1 not measured");
  study_.answers[0].conclusion.verdict = Verdict::kDepends;
  EXPECT_EQ(CountsText(study_), "1 that depends on conditions, 1 not measured");
  study_.answers[1] = study_.answers[0];
  EXPECT_EQ(CountsText(study_), "2 that depend on conditions");
}

TEST_F(StudyTest, AQuickOneSaysWhatItLeavesOut) {
  EXPECT_EQ(QuickText(study_), "");
  study_.options.quick = true;
  EXPECT_THAT(QuickText(study_), HasSubstr("one of 251 inputs in f32"));
  EXPECT_THAT(QuickText(study_), HasSubstr(" 2 seeds, 10 epochs, 2 learning rates"));
  EXPECT_EQ(nlohmann::json::parse(StudyJson(study_))[0]["method"], kSmall.method + QuickText(study_));
}

TEST_F(StudyTest, ConditionsSayWhereAndWhen) {
  EXPECT_EQ(ConditionsText(study_, ", "),
            "2025-11-25 14:03 UTC, A <Processor> & Co, 2 processors, avx2, actbench 0.1.0 (abcdef0), 131 s, seed 1");
  study_.options = {.seed = 7, .quick = true};
  EXPECT_THAT(ConditionsText(study_, ", "), HasSubstr("seed 7, quick"));
}

TEST_F(StudyTest, TheJsonHasWhatWasMeasured) {
  const nlohmann::json json = nlohmann::json::parse(StudyJson(study_));
  ASSERT_EQ(json.size(), 1) << "the other has no numbers";
  EXPECT_EQ(json[0]["name"], "small");
  EXPECT_EQ(json[0]["statement"], kSmall.statement);
  EXPECT_EQ(json[0]["method"], kSmall.method);
  EXPECT_EQ(json[0]["verdict"], "confirmed");
  EXPECT_EQ(json[0]["because"], "size 0.5 | 1");
  EXPECT_EQ(json[0]["measurements"][0], (nlohmann::json{{"name", "size"}, {"value", 0.5}, {"unit", "ns"}}));
  EXPECT_EQ(json[0]["measurements"][1]["value"], "Infinity");
}

TEST_F(StudyTest, ThePageHasASectionForEachStatementAndTextIsNeverMarkup) {
  const std::string page = StudyHtml(study_);
  for (const char* part :
       {"<section id=\"small\">", "“It is &lt;small&gt; &amp; *beautiful*.”",
        "<span class=\"badge confirmed\">confirmed", "size 0.5 | 1", "It has the size 0.5.", "It is measured.",
        "The &lt;size&gt;.", "a&lt;b", "<a href=\"#missing\">It is there.</a>",
        "<span class=\"badge unmeasured\">not measured", "no &lt;kernel&gt;", "A &lt;Processor&gt; &amp; Co",
        "<code>distance.largest</code>", "prefers-color-scheme: dark", "<meta name=\"viewport\"", "All 2 numbers"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("<small>")));
  EXPECT_THAT(page, Not(HasSubstr("<kernel>")));
}

TEST_F(StudyTest, TheMarkdownNamesItsPlots) {
  const StudyMarkdown markdown = MakeStudyMarkdown(study_, "study");
  EXPECT_THAT(markdown.plots,
              ElementsAre(Pair("study_small_1.svg", HasSubstr("<svg")), Pair("study_small_2.svg", HasSubstr("<svg"))));
  EXPECT_THAT(markdown.text, HasSubstr("](study_small_1.svg)"));
  EXPECT_THAT(markdown.text, HasSubstr("](study_small_2.svg)"));
  EXPECT_THAT(markdown.text,
              HasSubstr("## small\n\n> It is &lt;small> &amp; \\*beautiful\\*.\n\n**confirmed**: size 0.5 | 1"));
  EXPECT_THAT(markdown.text, HasSubstr("| **not measured** | no &lt;kernel>"));
  EXPECT_THAT(markdown.text, HasSubstr("1 confirmed, 1 not measured"));
  EXPECT_THAT(markdown.text, HasSubstr("CC BY 4.0"));
  study_.answers[0].findings.figures.pop_back();
  EXPECT_THAT(MakeStudyMarkdown(study_, "x").plots, ElementsAre(Pair("x_small.svg", HasSubstr("<svg"))));
}

TEST_F(StudyTest, TheMarkdownsLinksAreThoseOfAnyFileName) {
  const StudyMarkdown markdown = MakeStudyMarkdown(study_, "my study (1)%");
  EXPECT_THAT(markdown.text, HasSubstr("](my%20study%20%281%29%25_small_1.svg)"));
  EXPECT_EQ(markdown.plots.count("my study (1)%_small_1.svg"), 1);
}

}  // namespace
}  // namespace actbench::client
