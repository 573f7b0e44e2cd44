// SPDX-License-Identifier: Apache-2.0
// MakeStudyMarkdown of study.h.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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

// A relative link, in which nothing ends it or means anything else.
std::string LinkTo(const std::string& file) {
  std::string link;
  for (const char c : file) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._", c)) {
      link += c;
    } else {
      absl::StrAppendFormat(&link, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return link;
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
    absl::StrAppend(&text, "![", PlainMarkdown(answer.statement->name), "](", LinkTo(file), ")\n\n",
                    PlainMarkdown(figures[i].caption), "\n\n");
  }
  absl::StrAppend(&text, "How it is measured: ", PlainMarkdown(answer.statement->method), "\n\n");
  if (answer.status.ok()) absl::StrAppend(&text, Numbers(answer.findings.measurements), "\n");
  return text;
}

}  // namespace

StudyMarkdown MakeStudyMarkdown(const Study& study, const std::string& stem) {
  StudyMarkdown markdown;
  markdown.text = absl::StrCat(
      "# What is said of activation functions, measured\n\n", study.answers.size(),
      " statements that articles make of sigmoid, ReLU, ReLU6, hard sigmoid, swish and hard swish, each measured with "
      "the kernels of actbench: ",
      CountsText(study), ". A verdict follows from the numbers beside it by a rule that is told below.",
      QuickText(study), "\n\n", "`actbench study", study.options.quick ? " --quick" : "",
      " --markdown FILE` wrote this: ", PlainMarkdown(ConditionsText(study, ", ")), ".\n\n", Summary(study), "\n");
  for (const Answer& answer : study.answers) absl::StrAppend(&markdown.text, Section(answer, stem, markdown.plots));
  absl::StrAppend(&markdown.text,
                  "The images are those of the UCI optical digits (Alpaydin and Kaynak, 1998, CC BY 4.0).\n");
  return markdown;
}

}  // namespace actbench::client
