// SPDX-License-Identifier: Apache-2.0
#include "client/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/markup.h"

namespace actbench::client {
namespace {

constexpr const char* kLight[kColors] = {"#0072b2", "#d55e00", "#008060", "#b2458b",
                                         "#7a6200", "#5b4fc4", "#007f8f", "#505050"};
constexpr const char* kDark[kColors] = {"#58b0f0", "#ff8f4a", "#35cfa3", "#f29ccb",
                                        "#e3c54a", "#a9a0ff", "#5fd3dc", "#c0c6cc"};

constexpr char kDocumentStyle[] = R"(
  svg { background: #ffffff; }
  text { font: 16px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f; }
  .title { font-size: 22px; font-weight: 600; }
  .quiet { fill: #57606a; }
  .ground { fill: #ffffff; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1.5; fill: none; }
  .guide { stroke: #57606a; stroke-width: 1.2; stroke-dasharray: 6 5; }
  .line { fill: none; stroke-linejoin: round; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    .quiet { fill: #9da7b3; }
    .ground { fill: #0d1117; }
    .grid { stroke: #2b323b; }
    .axis, .guide { stroke: #9da7b3; }
  }
)";

}  // namespace

std::string PaletteStyle() {
  const auto rules = [](const char* const(&colors)[kColors]) {
    std::string text;
    for (size_t i = 0; i < kColors; ++i) {
      absl::StrAppendFormat(&text, "  .k%d { stroke: %s; } .m%d { fill: %s; }\n", i, colors[i], i, colors[i]);
    }
    return text;
  };
  return absl::StrCat(rules(kLight), "  @media (prefers-color-scheme: dark) {\n", rules(kDark), "  }\n");
}

std::string SvgDocument(absl::string_view title, double width, double height, absl::string_view body,
                        absl::string_view style) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ", Px(width), " ",
                      Px(height), "\" width=\"", Px(width), "\" height=\"", Px(height), "\">\n<title>", Escape(title),
                      "</title>\n<style>", kDocumentStyle, PaletteStyle(), style, "</style>\n",
                      "<rect class=\"ground\" width=\"", Px(width), "\" height=\"", Px(height), "\"/>\n", body,
                      "</svg>\n");
}

std::string Px(double value) { return absl::StrFormat("%g", std::round(value * 10) / 10); }

std::string SvgText(double x, double y, absl::string_view anchor, absl::string_view text, absl::string_view style) {
  return absl::StrCat("<text x=\"", Px(x), "\" y=\"", Px(y), "\" text-anchor=\"", anchor, "\"",
                      style.empty() ? "" : absl::StrCat(" class=\"", style, "\""), ">", Escape(text), "</text>\n");
}

std::string SvgLine(double x1, double y1, double x2, double y2, absl::string_view style) {
  return absl::StrCat("<line x1=\"", Px(x1), "\" y1=\"", Px(y1), "\" x2=\"", Px(x2), "\" y2=\"", Px(y2), "\" class=\"",
                      style, "\"/>\n");
}

std::string Superscript(int number) {
  constexpr const char* kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = number < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(number))) text += kDigits[digit - '0'];
  return text;
}

void AddTick(double at, std::string label, double distance, std::vector<Tick>& ticks) {
  const bool free =
      std::all_of(ticks.begin(), ticks.end(), [&](const Tick& tick) { return std::abs(tick.at - at) >= distance; });
  if (free) ticks.push_back({at, std::move(label)});
}

std::string PowerOfTen(int exponent) {
  if (exponent >= 0 && exponent <= 3) return absl::StrCat("1", std::string(static_cast<size_t>(exponent), '0'));
  if (exponent < 0 && exponent >= -3) {
    return absl::StrCat("0.", std::string(static_cast<size_t>(-exponent - 1), '0'), "1");
  }
  return absl::StrCat("10", Superscript(exponent));
}

}  // namespace actbench::client
