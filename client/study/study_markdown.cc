// SPDX-License-Identifier: Apache-2.0
// MakeStudyMarkdown of study.h.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/format.h"
#include "client/markup.h"
#include "client/study/chart_svg.h"
#include "client/study/study.h"

namespace actbench::client {
namespace {

std::string Summary(const Study& study) {
  Table table({"statement", "verdict", "deciding numbers"});
  for (const Answer& answer : study.answers) {
    table.AddRow({absl::StrCat("[", PlainMarkdown(answer.statement->statement), "](#", answer.statement->name, ")"),
                  absl::StrCat("**", VerdictText(answer), "**"), PlainMarkdown(BecauseText(answer))});
  }
  return table.Markdown();
}

std::string Numbers(const Measurements& measurements) {
  Table table({"measured", "value", "unit"}, {1});
  for (const Measurement& one : measurements.all()) {
    table.AddRow({absl::StrCat("`", one.name, "`"), PlainMarkdown(NumberText(one.value)), one.unit});
  }
  return absl::StrCat("<details><summary>All ", measurements.all().size(), " numbers</summary>\n\n", table.Markdown(),
                      "\n</details>\n");
}

std::string Section(const Answer& answer, const std::string& stem, std::map<std::string, std::string>& plots) {
  std::string text = absl::StrCat("## ", answer.statement->name, "\n\n> ", PlainMarkdown(answer.statement->statement),
                                  "\n\n**", VerdictText(answer), "**: ", PlainMarkdown(BecauseText(answer)), ".\n\n");
  if (answer.status.ok()) absl::StrAppend(&text, PlainMarkdown(answer.conclusion.text), "\n\n");
  const std::vector<Figure>& figures = answer.findings.figures;
  for (size_t i = 0; i < figures.size(); ++i) {
    const std::string file =
        absl::StrCat(stem, "_", answer.statement->name, figures.size() == 1 ? "" : absl::StrCat("_", i + 1), ".svg");
    plots[file] = FigureSvg(figures[i]);
    absl::StrAppend(&text, "![", PlainMarkdown(answer.statement->name), "](", file, ")\n\n",
                    PlainMarkdown(figures[i].caption), "\n\n");
  }
  absl::StrAppend(&text, "How it is measured: ", PlainMarkdown(answer.statement->method), "\n\n");
  if (answer.status.ok()) absl::StrAppend(&text, Numbers(answer.findings.measurements), "\n");
  return text;
}

}  // namespace

StudyMarkdown MakeStudyMarkdown(const Study& study, const std::string& stem) {
  StudyMarkdown markdown;
  std::vector<std::string> counts;
  for (const auto& [text, count] : CountVerdicts(study)) counts.push_back(absl::StrCat(count, " ", text));
  markdown.text = absl::StrCat(
      "# What is said of activation functions, measured\n\n", study.answers.size(),
      " statements of an article on sigmoid, ReLU, ReLU6, hard sigmoid, swish and hard swish, each measured with the "
      "kernels of actbench: ",
      absl::StrJoin(counts, ", "), ". A verdict follows from the numbers beside it by a rule that is told below.",
      QuickText(study), "\n\n", "`actbench study", study.options.quick ? " --quick" : "",
      " --markdown FILE` wrote this: ", PlainMarkdown(ConditionsText(study, ", ")), ".\n\n", Summary(study), "\n");
  for (const Answer& answer : study.answers) absl::StrAppend(&markdown.text, Section(answer, stem, markdown.plots));
  return markdown;
}

}  // namespace actbench::client
