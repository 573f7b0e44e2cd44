// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/accuracy_scale.h"
#include "client/accuracy_table.h"
#include "client/format.h"
#include "client/tensor.h"
#include "proto/tensor.h"

namespace actbench::client {
namespace {

// Pixels.
constexpr double kWidth = 1080;
constexpr double kLeft = 96;
constexpr double kRight = 1012;
constexpr double kTop = 92;
constexpr double kBottom = 512;
constexpr double kLegendTop = 612;
constexpr double kLegendRow = 28;

// Lines that lie on each other still show: each is thinner than the one before, and dashed in another way.
constexpr double kWidestLine = 4.5;
constexpr double kThinnestLine = 1.8;
constexpr size_t kColors = 8;
constexpr const char* kDashes[] = {"none", "9 3", "3 3", "12 3 3 3"};

// Colors that people with any color vision can tell apart, in pairs for a light and a dark ground.
constexpr char kStyle[] = R"(<style>
  svg { background: #ffffff; }
  text { font: 16px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f; }
  .title { font-size: 22px; font-weight: 600; }
  .quiet { fill: #57606a; }
  .ground { fill: #ffffff; }
  .shared { fill: #f1f3f5; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1.5; fill: none; }
  .guide { stroke: #57606a; stroke-width: 1.2; stroke-dasharray: 6 5; }
  .line { fill: none; stroke-linejoin: round; }
  .k0 { stroke: #0072b2; } .k1 { stroke: #d55e00; } .k2 { stroke: #008060; } .k3 { stroke: #b2458b; }
  .k4 { stroke: #7a6200; } .k5 { stroke: #5b4fc4; } .k6 { stroke: #007f8f; } .k7 { stroke: #505050; }
  .m0 { fill: #0072b2; } .m1 { fill: #d55e00; } .m2 { fill: #008060; } .m3 { fill: #b2458b; }
  .m4 { fill: #7a6200; } .m5 { fill: #5b4fc4; } .m6 { fill: #007f8f; } .m7 { fill: #505050; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    .quiet { fill: #9da7b3; }
    .ground { fill: #0d1117; }
    .shared { fill: #1a2029; }
    .grid { stroke: #2b323b; }
    .axis, .guide { stroke: #9da7b3; }
    .k0 { stroke: #58b0f0; } .k1 { stroke: #ff8f4a; } .k2 { stroke: #35cfa3; } .k3 { stroke: #f29ccb; }
    .k4 { stroke: #e3c54a; } .k5 { stroke: #a9a0ff; } .k6 { stroke: #5fd3dc; } .k7 { stroke: #c0c6cc; }
    .m0 { fill: #58b0f0; } .m1 { fill: #ff8f4a; } .m2 { fill: #35cfa3; } .m3 { fill: #f29ccb; }
    .m4 { fill: #e3c54a; } .m5 { fill: #a9a0ff; } .m6 { fill: #5fd3dc; } .m7 { fill: #c0c6cc; }
  }
</style>
)";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// A coordinate in tenths of a pixel.
std::string Px(double value) { return absl::StrFormat("%g", std::round(value * 10) / 10); }

std::string Text(double x, double y, absl::string_view anchor, absl::string_view text, absl::string_view style = "") {
  return absl::StrCat("<text x=\"", Px(x), "\" y=\"", Px(y), "\" text-anchor=\"", anchor, "\"",
                      style.empty() ? "" : absl::StrCat(" class=\"", style, "\""), ">", Escape(text), "</text>\n");
}

std::string Line(double x1, double y1, double x2, double y2, absl::string_view style) {
  return absl::StrCat("<line x1=\"", Px(x1), "\" y1=\"", Px(y1), "\" x2=\"", Px(x2), "\" y2=\"", Px(y2), "\" class=\"",
                      style, "\"/>\n");
}

// The value that all certificates share, or nothing.
template <class Get>
std::string Common(absl::Span<const v1::Certificate> certificates, const Get& get) {
  std::set<std::string> values;
  for (const v1::Certificate& certificate : certificates) values.insert(get(certificate.kernel()));
  return values.size() == 1 ? *values.begin() : "";
}

std::string Title(absl::Span<const v1::Certificate> certificates) {
  std::string activation = Common(certificates, [](const v1::Kernel& kernel) { return kernel.activation(); });
  std::vector<std::string> rest = {
      Common(certificates, [](const v1::Kernel& kernel) { return DirectionName(kernel.direction()); }),
      Common(certificates, [](const v1::Kernel& kernel) { return DtypeText(kernel.dtype()); })};
  rest.erase(std::remove(rest.begin(), rest.end(), ""), rest.end());
  if (activation.empty()) activation = absl::StrCat(certificates.size(), " kernels");
  return absl::StrCat("Maximum error of ", activation,
                      rest.empty() ? "" : absl::StrCat(", ", absl::StrJoin(rest, ", ")));
}

std::string Subtitle(absl::Span<const v1::Certificate> certificates) {
  const auto exhaustive = std::count_if(certificates.begin(), certificates.end(), IsExhaustive);
  if (exhaustive == static_cast<std::ptrdiff_t>(certificates.size())) return "over every input, by binades of x";
  return exhaustive == 0 ? "of samples, by binades of x: lower bounds of the maximum"
                         : "by binades of x; those marked ≥ are of samples: lower bounds of the maximum";
}

// What stands below the lines.
std::string Frame(const UlpScale& ulps, const BinadeScale& binades) {
  std::string svg;
  for (const Cell& cell : binades.cells()) {
    if (!cell.shared()) continue;
    absl::StrAppend(&svg, "<rect class=\"shared\" x=\"", Px(cell.begin), "\" y=\"", Px(kTop), "\" width=\"",
                    Px(cell.end - cell.begin), "\" height=\"", Px(kBottom - kTop), "\"/>\n");
  }
  for (const Tick& tick : ulps.Ticks()) {
    absl::StrAppend(&svg, Line(kLeft, tick.at, kRight, tick.at, "grid"),
                    Text(kLeft - 10, tick.at + 5.5, "end", tick.label));
  }
  for (const Tick& tick : binades.Ticks()) {
    absl::StrAppend(&svg, Line(tick.at, kTop, tick.at, kBottom, "grid"),
                    Text(tick.at, kBottom + 24, "middle", tick.label));
  }
  double last = kBottom;
  for (const double ulp : {0.5, 1.0, 2.0}) {
    const double at = ulps.At(ulp);
    absl::StrAppend(&svg, Line(kLeft, at, kRight, at, "guide"));
    constexpr double kLineHeight = 15;
    if (last - at >= kLineHeight)
      absl::StrAppend(&svg, Text(kRight + 8, at + 5.5, "start", absl::StrFormat("%g ulp", ulp), "quiet"));
    if (last - at >= kLineHeight) last = at;
  }
  absl::StrAppend(&svg, "<path class=\"axis\" d=\"M", Px(kLeft), " ", Px(kTop), "V", Px(kBottom), "H", Px(kRight),
                  "\"/>\n");
  absl::StrAppend(&svg, Text((kLeft + kRight) / 2, kBottom + 54, "middle", "x, logarithmic on both sides of 0"));
  absl::StrAppend(&svg, "<text transform=\"translate(26 ", Px((kTop + kBottom) / 2),
                  ") rotate(-90)\" text-anchor=\"middle\">maximum error in ulp</text>\n");
  return svg;
}

// How a line is drawn, for it and its sample in the legend.
std::string LineStyle(size_t index, size_t count) {
  const double share = count < 2 ? 0.5 : static_cast<double>(index) / static_cast<double>(count - 1);
  return absl::StrFormat(R"(class="line k%d" stroke-width="%s" stroke-dasharray="%s")", index % kColors,
                         Px(kWidestLine + (kThinnestLine - kWidestLine) * share), kDashes[index % std::size(kDashes)]);
}

// A triangle that points beyond the upper edge.
std::string Mark(double x, double y, size_t index) {
  return absl::StrFormat("<path class=\"m%d\" d=\"M%s %sl7 11h-14z\"/>\n", index % kColors, Px(x), Px(y - 5));
}

// A step for each cell; none where there were no inputs.
std::string Steps(const v1::Certificate& certificate, const UlpScale& ulps, const BinadeScale& binades, size_t index,
                  size_t count) {
  std::string path;
  std::string marks;
  bool pen_down = false;
  for (const Cell& cell : binades.cells()) {
    const std::optional<double> ulp = MaxUlp(certificate, cell);
    if (!ulp.has_value()) {
      pen_down = false;
      continue;
    }
    const double y = ulps.At(*ulp);
    absl::StrAppend(&path, pen_down ? absl::StrCat("V", Px(y)) : absl::StrCat("M", Px(cell.begin), " ", Px(y)), "H",
                    Px(cell.end));
    pen_down = true;
    if (std::isinf(*ulp)) marks += Mark((cell.begin + cell.end) / 2, kTop, index);
  }
  return absl::StrCat("<path ", LineStyle(index, count), " d=\"", path.empty() ? "M0 0" : path, "\"/>\n", marks);
}

std::string LegendText(const v1::Certificate& certificate) {
  const std::map<std::string, double> parameters(certificate.parameters().begin(), certificate.parameters().end());
  std::string text = certificate.kernel().name();
  for (const auto& [name, value] : parameters) {
    absl::StrAppend(&text, ", ", name, " = ", RoundedDecimal(value, Dtype::kF64));
  }
  const std::string ulp = MaxUlpText(certificate);
  return absl::StrCat(text, ": ", absl::StrReplaceAll(ulp, {{">=", "≥ "}, {"inf", "∞"}}), " ulp");
}

std::string Legend(absl::Span<const v1::Certificate> certificates) {
  std::string svg;
  double y = kLegendTop;
  for (size_t i = 0; i < certificates.size(); ++i, y += kLegendRow) {
    absl::StrAppend(&svg, "<path ", LineStyle(i, certificates.size()), " d=\"M", Px(kLeft), " ", Px(y - 5), "h48\"/>\n",
                    Text(kLeft + 60, y, "start", LegendText(certificates[i])));
  }
  return svg;
}

// What needs words, if it is there.
std::string Notes(absl::Span<const v1::Certificate> certificates, const BinadeScale& binades) {
  std::vector<std::string> notes;
  const auto& cells = binades.cells();
  if (std::any_of(cells.begin(), cells.end(), [](const Cell& cell) { return cell.shared(); })) {
    notes.push_back("shaded: shortened, many binades with much the same error");
  }
  // An infinite error at an infinite x is in no binade.
  const bool infinite = std::any_of(certificates.begin(), certificates.end(), [&](const auto& certificate) {
    return std::any_of(cells.begin(), cells.end(),
                       [&](const Cell& cell) { return std::isinf(MaxUlp(certificate, cell).value_or(0)); });
  });
  if (infinite) {
    notes.push_back("▲ infinite: a wrong NaN or infinity");
  }
  const double y = kLegendTop + kLegendRow * static_cast<double>(certificates.size()) + 4;
  return notes.empty() ? "" : Text(kLeft, y, "start", absl::StrJoin(notes, "; "), "quiet");
}

}  // namespace

std::string AccuracyPlot(absl::Span<const v1::Certificate> certificates) {
  const UlpScale ulps(certificates, kTop, kBottom);
  const BinadeScale binades(certificates, ulps, kLeft, kRight);
  const double height = kLegendTop + kLegendRow * (static_cast<double>(certificates.size()) + 1);
  const std::string title = Title(certificates);
  std::string svg = absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                                 "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ", Px(kWidth),
                                 " ", Px(height), "\" width=\"", Px(kWidth), "\" height=\"", Px(height), "\">\n<title>",
                                 Escape(title), "</title>\n", kStyle);
  absl::StrAppend(&svg, "<rect class=\"ground\" width=\"", Px(kWidth), "\" height=\"", Px(height), "\"/>\n");
  absl::StrAppend(&svg, Text(kLeft, 40, "start", title, "title"),
                  Text(kLeft, 68, "start", Subtitle(certificates), "quiet"));
  absl::StrAppend(&svg, Frame(ulps, binades));
  for (size_t i = 0; i < certificates.size(); ++i) {
    absl::StrAppend(&svg, Steps(certificates[i], ulps, binades, i, certificates.size()));
  }
  absl::StrAppend(&svg, Legend(certificates), Notes(certificates, binades), "</svg>\n");
  return svg;
}

}  // namespace actbench::client
