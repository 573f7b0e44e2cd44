// SPDX-License-Identifier: Apache-2.0
#include "client/report_html.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/markup.h"
#include "client/report_page.h"
#include "client/report_plot.h"
#include "client/report_scale.h"
#include "client/svg.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

// Pixels.
constexpr double kWideWidth = 1100;
constexpr double kWideHeight = 440;
constexpr double kNarrowWidth = 400;
constexpr double kNarrowHeight = 420;
constexpr double kIntervalWidth = 100;
constexpr double kIntervalHeight = 18;

// With more groups their sections are folded.
constexpr size_t kMostOpen = 6;

// "n:65536, dist:normal, cache:hot"
std::string Conditions(const ResultGroup& group) { return absl::StrReplaceAll(group.conditions, {{"/", ", "}}); }

// The marker by itself, as in a legend.
std::string Key(const std::string& tier, size_t color, absl::string_view style = "") {
  return absl::StrCat("<svg class=\"key", style, "\" viewBox=\"0 0 18 18\" aria-hidden=\"true\">",
                      Marker(tier, color, 9, 9), "</svg>");
}

std::string Header(const v1::BenchmarkRun& run) {
  std::map<std::string, int> counts;
  for (const v1::BenchmarkResult& result : run.results()) {
    ++counts[OutcomeText(result)];
    if (IsMeasured(result) && IsNoisy(result)) ++counts["noisy"];
  }
  std::string items;
  for (const auto& [style, text] : {std::pair("measured", "measured"), std::pair("noisy", "of these noisy"),
                                    std::pair("skipped", "skipped"), std::pair("error", "failed")}) {
    if (counts[style] > 0 || absl::string_view(style) == "measured") {
      absl::StrAppend(&items, "<li class=\"", style, "\"><b>", counts[style], "</b>", text, "</li>");
    }
  }
  const std::string title = run.name().empty() ? absl::StrCat("Benchmark run ", run.id()) : run.name();
  return absl::StrCat(Element("h1", title), "\n<p class=\"quiet\">", Escape(TimeText(ToTime(run.time()))), " · ",
                      Escape(run.machine().cpu_model()), " · ", Escape(VersionText(run.build())), " · ",
                      WholeSeconds(run.seconds()), " s</p>\n<ul class=\"counts\">", items, "</ul>\n");
}

// The providers and tiers that there are, and the signs that points have besides.
std::string Legend(const std::vector<const v1::BenchmarkResult*>& results, const ProviderColors& colors,
                   bool alternatives) {
  std::map<std::string, size_t> providers;
  std::set<std::string> tiers;
  bool noisy = false;
  bool sampled = false;
  bool unknown = false;
  for (const v1::BenchmarkResult* result : results) {
    providers[result->kernel().provider()] = colors.Of(*result);
    tiers.insert(result->kernel().tier());
    noisy = noisy || IsNoisy(*result);
    unknown = unknown || !result->has_accuracy();
    sampled = sampled || (alternatives && absl::StartsWith(UlpCell(*result), ">="));
  }
  std::string items;
  const auto add = [&](const std::string& key, absl::string_view text) {
    absl::StrAppend(&items, "<li>", key, Escape(text), "</li>");
  };
  for (const auto& [provider, color] : providers) add(Key("fast", color), provider);
  constexpr size_t kGray = kColors - 1;
  for (const std::string& tier : tiers) add(Key(tier, kGray), absl::StrCat("tier ", tier));
  if (sampled) add("↑ ", "error at samples: may be more");
  if (unknown) add("? ", "error not known");
  if (noisy) add(Key("fast", kGray, " noisy"), "pale: noisy");
  return absl::StrCat("<ul class=\"legend\">", items, "</ul>\n");
}

// The plot for wide and for narrow pages, of which the style shows one.
std::string Figure(const v1::BenchmarkRun& run, const std::vector<const v1::BenchmarkResult*>& results,
                   const ProviderColors& colors, bool alternatives) {
  std::string plots;
  for (const auto& [style, width, height] :
       {std::tuple("wide", kWideWidth, kWideHeight), std::tuple("narrow", kNarrowWidth, kNarrowHeight)}) {
    absl::StrAppend(&plots,
                    SpeedPlot(run, results, colors,
                              {.width = width, .height = height, .style = style, .alternatives = alternatives}));
  }
  const char* const line =
      alternatives ? " The line connects the kernels that none is both faster and more accurate than." : "";
  return absl::StrCat(
      "<figure>", Legend(results, colors, alternatives), plots,
      "<figcaption>Down and to the left is better. Times are on a logarithmic axis, errors above 0.5 ulp on "
      "one that is logarithmic in the number of wrong bits.",
      line, "</figcaption></figure>\n");
}

// The median and its interval on an axis that all kernels of the group share, which is logarithmic.
std::string IntervalSvg(const v1::BenchmarkResult& result, size_t color, const SpeedScale& scale) {
  const auto elements = static_cast<double>(result.elements());
  const double low = result.time().median_low_ns() / elements;
  const double high = result.time().median_high_ns() / elements;
  const double middle = kIntervalHeight / 2;
  std::string svg = absl::StrFormat("<svg class=\"interval\" viewBox=\"0 0 %s %s\" role=\"img\"><title>%s</title>",
                                    Px(kIntervalWidth), Px(kIntervalHeight), Escape(IntervalCell(result)));
  absl::StrAppend(&svg, "<path class=\"axis\" d=\"M0 ", Px(middle), "H", Px(kIntervalWidth), "\"/>");
  if (HasInterval(result) && std::isfinite(high)) {
    absl::StrAppendFormat(&svg, "<path class=\"span k%d\" d=\"M%s %sH%s\"/>", color, Px(scale.At(low)), Px(middle),
                          Px(scale.At(high)));
  }
  absl::StrAppendFormat(&svg, "<circle class=\"m%d\" cx=\"%s\" cy=\"%s\" r=\"4\"/></svg>", color,
                        Px(scale.At(NsPerElement(result))), Px(middle));
  return svg;
}

std::string NoteHtml(const v1::BenchmarkResult& result) {
  std::vector<std::string> notes;
  if (IsNoisy(result)) {
    notes.push_back(absl::StrCat(Badge("noisy", "noisy"), " ", Escape(absl::StrJoin(result.noise().reasons(), ", "))));
  }
  if (!HasInterval(result)) {
    notes.push_back(Badge("no interval", "wide"));
  } else if (!result.time().converged()) {
    notes.push_back(Badge("wide interval", "wide"));
  }
  return absl::StrJoin(notes, " ");
}

// With the signs that text on a terminal lacks.
std::string UlpHtml(const v1::BenchmarkResult& result) {
  return Escape(absl::StrReplaceAll(UlpCell(result), {{">=", "≥ "}, {"inf", "∞"}}));
}

std::optional<double> UlpValue(const v1::BenchmarkResult& result) {
  if (!result.has_accuracy()) return std::nullopt;
  return result.accuracy().max_ulp();
}

std::string GroupTable(const v1::BenchmarkRun& run, const ResultGroup& group, const ProviderColors& colors) {
  std::vector<double> speeds;
  for (const v1::BenchmarkResult* result : group.measured) speeds.push_back(NsPerElement(*result));
  const SpeedScale scale(speeds, 0, kIntervalWidth);
  HtmlTable table({{"kernel", "kernel"},
                   {"ns per element", "n"},
                   {"95 % interval", "range", false},
                   {"relative", "n"},
                   {"of copying", "n"},
                   {"max ulp", "n"},
                   {"notes", ""}});
  for (const v1::BenchmarkResult* result : group.measured) {
    const bool fastest = result == group.measured.front();
    const size_t color = colors.Of(*result);
    const double ratio = NsPerElement(*result) / NsPerElement(*group.measured.front());
    table.AddRow({{absl::StrCat(Key(result->kernel().tier(), color), Element("code", KernelCell(*result)),
                                fastest ? Badge("fastest", "fastest") : "")},
                  {Escape(NsPerElementCell(*result)), NsPerElement(*result)},
                  {absl::StrCat(IntervalSvg(*result, color, scale), Element("span", IntervalCell(*result), "quiet"))},
                  {absl::StrFormat("%.2f", ratio), ratio},
                  {Escape(CopyCell(*result)), CopyRatio(*result)},
                  {UlpHtml(*result), UlpValue(*result)},
                  {NoteHtml(*result)}},
                 absl::StrFormat("data-r=\"%d\"", PlaceOf(run, *result)));
  }
  return table.Html();
}

std::string Section(const v1::BenchmarkRun& run, const ResultGroup& group, size_t index, bool open,
                    const ProviderColors& colors) {
  // A plot of one point tells nothing.
  const std::string figure =
      group.measured.size() > 1 ? Figure(run, group.measured, colors, /*alternatives=*/true) : "";
  const std::string content = figure + GroupTable(run, group, colors);
  const std::string title = Element("h2", group.function);
  const std::string conditions = Element("span", Conditions(group), "quiet code");
  if (open) {
    return absl::StrFormat("<section id=\"g%d\">%s\n<p>%s</p>\n%s</section>\n", index, title, conditions, content);
  }
  return absl::StrFormat("<details class=\"group\" id=\"g%d\"><summary>%s %s</summary>\n%s</details>\n", index, title,
                         conditions, content);
}

// The fastest kernel of each group, and all points in one plot.
std::string Overview(const v1::BenchmarkRun& run, const std::vector<ResultGroup>& groups,
                     const ProviderColors& colors) {
  std::vector<const v1::BenchmarkResult*> all;
  const auto place = [&](std::string* out, const v1::BenchmarkResult* result) {
    absl::StrAppend(out, PlaceOf(run, *result));
  };
  HtmlTable table({{"activation", ""},
                   {"conditions", "range"},
                   {"fastest kernel", "kernel"},
                   {"ns per element", "n"},
                   {"of copying", "n"},
                   {"max ulp", "n"}});
  for (size_t i = 0; i < groups.size(); ++i) {
    const ResultGroup& group = groups[i];
    const v1::BenchmarkResult& fastest = *group.measured.front();
    all.insert(all.end(), group.measured.begin(), group.measured.end());
    table.AddRow(
        {{absl::StrFormat("<a href=\"#g%d\">%s</a>", i, Escape(group.function))},
         {Element("span", Conditions(group), "quiet code")},
         {absl::StrCat(Key(fastest.kernel().tier(), colors.Of(fastest)), Element("code", KernelCell(fastest)))},
         {Escape(NsPerElementCell(fastest)), NsPerElement(fastest)},
         {Escape(CopyCell(fastest)), CopyRatio(fastest)},
         {UlpHtml(fastest), UlpValue(fastest)}},
        absl::StrCat("data-all=\"", absl::StrJoin(group.measured, " ", place), "\""));
  }
  return absl::StrCat("<section id=\"overview\"><h2>All kernels</h2>\n",
                      Figure(run, all, colors, /*alternatives=*/false),
                      "</section>\n<h2>The fastest of each activation</h2>\n", table.Html());
}

std::string Unmeasured(const v1::BenchmarkRun& run) {
  HtmlTable table({{"case", "case"}, {"outcome", ""}, {"why", "why"}});
  for (const v1::BenchmarkResult& result : run.results()) {
    if (IsMeasured(result)) continue;
    const std::string outcome = OutcomeText(result);
    table.AddRow({{Element("code", result.name())}, {Badge(outcome, outcome)}, {Escape(ReasonText(result))}});
  }
  return table.empty() ? "" : absl::StrCat("<h2 id=\"unmeasured\">Not measured</h2>\n", table.Html());
}

// The machine's ledger of those that were disturbed, whether or not that could be kept out.
std::string Noise(const v1::BenchmarkRun& run) {
  HtmlTable table({{"case", "case"},
                   {"still noisy by", ""},
                   {"slices taken again", ""},
                   {"stolen time", "n"},
                   {"waiting (PSI)", "n"},
                   {"throttled", "n"},
                   {"switches", "n"},
                   {"page faults", "n"}});
  const auto percent = [](bool known, double ratio) -> HtmlCell {
    if (!known) return {""};
    return {absl::StrFormat("%.1f %%", ratio * 100), ratio};
  };
  for (const v1::BenchmarkResult& result : run.results()) {
    const v1::BenchmarkNoise& noise = result.noise();
    if (!IsMeasured(result) || (!IsNoisy(result) && noise.discarded_slices().empty())) continue;
    const std::map<std::string, int> discarded(noise.discarded_slices().begin(), noise.discarded_slices().end());
    table.AddRow({{Element("code", result.name())},
                  {Escape(absl::StrJoin(noise.reasons(), ", "))},
                  {Escape(absl::StrJoin(discarded, ", ", absl::PairFormatter(" ")))},
                  percent(noise.has_steal_ratio(), noise.steal_ratio()),
                  percent(noise.has_pressure_ratio(), noise.pressure_ratio()),
                  {noise.has_throttled_periods() ? GroupedDecimal(noise.throttled_periods()) : ""},
                  {GroupedDecimal(noise.involuntary_switches())},
                  {GroupedDecimal(noise.minor_faults())}});
  }
  if (table.empty()) return "";
  return absl::StrCat(
      "<h2>What disturbed the machine</h2>\n<p class=\"quiet\">Slices of time in which something disturbed it "
      "were taken again; where half of them already were, the result is marked as noisy.</p>\n",
      table.Html());
}

std::string Fingerprint(const v1::BenchmarkRun& run) {
  HtmlTable table({{"fact", "", false}, {"value", "facts", false}});
  for (const v1::FingerprintField& field : run.fingerprint()) {
    table.AddRow({{Escape(field.name())}, {Element("code", field.value())}});
  }
  const v1::BenchmarkPlan& plan = run.plan();
  table.AddRow({{"build of the kernels"}, {Element("code", run.build_id())}});
  table.AddRow(
      {{"plan"},
       {absl::StrFormat("%d to %d processes of %d ms each, until the interval is within %g %%", plan.min_processes(),
                        plan.max_processes(), plan.process_ms(), plan.max_relative_width() * 100)}});
  table.AddRow({{"run"}, {Element("code", run.id())}});
  return absl::StrCat(
      "<h2>Fingerprint ", Element("code", run.fingerprint_hash()),
      "</h2>\n<p class=\"quiet\">Times of machines with another fingerprint are not to be compared with "
      "these.</p>\n",
      table.Html());
}

}  // namespace

std::string HtmlReport(const v1::BenchmarkRun& run) {
  const ProviderColors colors(run);
  const std::vector<ResultGroup> groups = GroupResults(run);
  std::string body = Header(run);
  if (groups.size() > 1) absl::StrAppend(&body, Overview(run, groups, colors));
  const bool open = groups.size() <= kMostOpen;
  if (!open) absl::StrAppend(&body, "<h2>Each activation</h2>\n");
  for (size_t i = 0; i < groups.size(); ++i) absl::StrAppend(&body, Section(run, groups[i], i, open, colors));
  absl::StrAppend(
      &body, Unmeasured(run), Noise(run), Fingerprint(run), "<footer>Times are medians of calls, over fresh ",
      "processes; intervals are of the median, by a bootstrap over processes. Errors are in units in the last ",
      "place, over all inputs, or at samples where they follow &gt;=. Made by <code>actbench report</code>.",
      "</footer>\n");
  return HtmlPage(
      run.name().empty() ? absl::StrCat("actbench run ", run.id()) : absl::StrCat(run.name(), " - actbench"), body);
}

}  // namespace actbench::client
