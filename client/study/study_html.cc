// SPDX-License-Identifier: Apache-2.0
// StudyHtml of study.h.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/markup.h"
#include "client/report_page.h"
#include "client/study/chart_svg.h"
#include "client/study/study.h"
#include "client/svg.h"

namespace actbench::client {
namespace {

constexpr char kTitle[] = "What is said of activation functions, measured";

constexpr char kStyle[] = R"(
  main { max-width: 1000px; font-size: 16px; line-height: 1.6; }
  h1 { font-size: 30px; margin-top: 12px; }
  h2 { font-size: 21px; margin: 0 0 10px; }
  section { margin-top: 44px; padding-top: 26px; border-top: 1px solid var(--line); scroll-margin-top: 8px; }
  .lead, .found, .how { max-width: 46em; }
  .because { color: var(--quiet); }
  .verdict { margin: 0 0 10px; display: flex; gap: 10px; align-items: baseline; }
  .badge { font-size: 13px; line-height: 20px; font-weight: 600; padding: 0 10px; }
  .badge.confirmed, .counts .confirmed b { color: var(--good); }
  .badge.corrected, .counts .corrected b { color: var(--warn); }
  .badge.refuted, .counts .refuted b { color: var(--bad); }
  .badge.depends, .counts .depends b { color: var(--depends); }
  .badge.unmeasured, .counts .unmeasured b { color: var(--quiet); }
  :root { --depends: #5b4fc4; }
  @media (prefers-color-scheme: dark) { :root { --depends: #a9a0ff; } }
  h2 q { quotes: none; }
  .how { color: var(--quiet); font-size: 14.5px; margin-top: 16px; padding-left: 14px;
         border-left: 3px solid var(--line); }
  .charts { display: grid; gap: 14px 22px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .charts.n1 { grid-template-columns: minmax(0, 1fr); }
  .charts.n3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  figure { padding: 14px 16px 10px; margin: 18px 0 6px; }
  figcaption { margin-top: 6px; }
  svg.swatch { width: 28px; height: 12px; margin-right: 7px; vertical-align: 0; }
  .summary td:first-child { white-space: nowrap; }
  .summary td { vertical-align: top; padding: 9px 10px; }
  .plot .line { vector-effect: non-scaling-stroke; }
  @media (max-width: 640px) {
    h1 { font-size: 25px; }
    section { margin-top: 30px; padding-top: 20px; }
    .charts, .charts.n3 { grid-template-columns: minmax(0, 1fr); }
    .verdict { flex-wrap: wrap; gap: 4px 10px; }
    figure { padding: 10px 8px 8px; }
    .summary thead { display: none; }
    .summary tr { display: block; border-top: 1px solid var(--line); padding: 10px 2px; }
    .summary td, .summary td:first-child { display: block; border: 0; padding: 2px 10px; white-space: normal; }
  }
)";

// A class for the style.
std::string VerdictClass(const std::string& text) { return text == "not measured" ? "unmeasured" : text; }

std::string VerdictBadge(const Answer& answer) {
  const std::string text = VerdictText(answer);
  return Badge(text, VerdictClass(text));
}

std::string Legend(const Figure& figure) {
  std::string items;
  for (const Series* series : LegendOf(figure)) {
    absl::StrAppend(&items, "<li><svg class=\"swatch\" viewBox=\"0 0 28 12\" aria-hidden=\"true\">",
                    LegendKey(*series, 0, 6), "</svg>", Escape(series->name), "</li>");
  }
  return absl::StrCat("<ul class=\"legend\">", items, "</ul>\n");
}

// Each chart for wide and for narrow pages, of which the style shows one.
std::string FigureHtml(const Figure& figure) {
  const size_t count = figure.charts.size();
  const double wide = count == 1 ? 920 : count == 3 ? 300 : 450;
  constexpr double kNarrow = 350;
  constexpr double kHeight = 270;
  std::string charts;
  for (const Chart& chart : figure.charts) {
    absl::StrAppend(&charts, "<div>", ChartSvg(chart, wide, count == 1 ? 330 : kHeight, "wide"),
                    ChartSvg(chart, kNarrow, kHeight, "narrow"), "</div>\n");
  }
  return absl::StrCat("<figure>", Legend(figure), "<div class=\"charts n", count, "\">", charts, "</div>",
                      Element("figcaption", figure.caption), "</figure>\n");
}

std::string Numbers(const Measurements& measurements) {
  HtmlTable table({{"measured", "kernel"}, {"value", "n"}, {"unit", ""}});
  for (const Measurement& one : measurements.all()) {
    table.AddRow({{Element("code", one.name)}, {Escape(NumberText(one.value)), one.value}, {Escape(one.unit)}});
  }
  return absl::StrCat("<details><summary>All ", measurements.all().size(), " numbers</summary>\n", table.Html(),
                      "</details>\n");
}

std::string Section(const Answer& answer) {
  const Statement& statement = *answer.statement;
  std::string html = absl::StrCat("<section id=\"", statement.name, "\">",
                                  Element("h2", absl::StrCat("“", statement.statement, "”")), "\n<p class=\"verdict\">",
                                  VerdictBadge(answer), Element("span", BecauseText(answer), "because"), "</p>\n");
  if (answer.status.ok()) absl::StrAppend(&html, Element("p", answer.conclusion.text, "found"), "\n");
  for (const Figure& figure : answer.findings.figures) absl::StrAppend(&html, FigureHtml(figure));
  absl::StrAppend(&html, Element("p", statement.method, "how"), "\n");
  if (answer.status.ok()) absl::StrAppend(&html, Numbers(answer.findings.measurements));
  return absl::StrCat(html, "</section>\n");
}

std::string Summary(const Study& study) {
  HtmlTable table({{"verdict", "", false}, {"statement", "", false}, {"deciding numbers", "", false}});
  for (const Answer& answer : study.answers) {
    table.AddRow(
        {{VerdictBadge(answer)},
         {absl::StrCat("<a href=\"#", answer.statement->name, "\">", Escape(answer.statement->statement), "</a>")},
         {Element("span", BecauseText(answer), "because")}});
  }
  return absl::StrCat("<div class=\"summary\">", table.Html(), "</div>\n");
}

std::string Header(const Study& study) {
  std::string items;
  for (const auto& [text, count] : CountVerdicts(study)) {
    absl::StrAppend(&items, "<li class=\"", VerdictClass(text), "\"><b>", count, "</b>", text, "</li>");
  }
  return absl::StrCat(
      Element("h1", kTitle), "\n", Element("p", ConditionsText(study, " · "), "quiet"), "\n",
      Element(
          "p",
          absl::StrCat(study.answers.size(),
                       " statements that articles make of sigmoid, ReLU, ReLU6, hard sigmoid, swish and hard "
                       "swish, each measured on this machine with the kernels of actbench: evaluated over all their "
                       "inputs, timed by instruction set and size, and used in networks that learn to read digits. "
                       "Each verdict follows from the numbers beside it, by the rule that is told with it.",
                       QuickText(study)),
          "lead"),
      "\n<ul class=\"counts\">", items, "</ul>\n");
}

}  // namespace

std::string StudyHtml(const Study& study) {
  std::string body = absl::StrCat(Header(study), Summary(study));
  for (const Answer& answer : study.answers) absl::StrAppend(&body, Section(answer));
  absl::StrAppend(
      &body, "<footer>Written by actbench study", study.options.quick ? " --quick" : "",
      ". The images are those of the UCI optical digits (Alpaydin and Kaynak, 1998, CC BY 4.0).</footer>\n");
  return HtmlPage(absl::StrCat(kTitle, " - actbench"), body, absl::StrCat(ChartStyle(), kStyle));
}

}  // namespace actbench::client
