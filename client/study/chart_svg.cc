// SPDX-License-Identifier: Apache-2.0
#include "client/study/chart_svg.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "client/markup.h"
#include "client/study/chart_scale.h"
#include "client/svg.h"

namespace actbench::client {
namespace {

// Pixels, within the chart.
constexpr double kLeft = 48;
constexpr double kRight = 14;
constexpr double kTop = 30;
constexpr double kBottom = 24;
constexpr double kAxisLabel = 18;  // more at the bottom, for the label of the axis
constexpr double kTickDistanceX = 44;
constexpr double kTickDistanceY = 34;
constexpr double kDot = 3.2;
// Of a document.
constexpr double kDocumentWidth = 840;
constexpr double kDocumentHeight = 290;  // of a chart
constexpr double kGap = 24;
constexpr double kLegendRow = 24;
constexpr double kKeyWidth = 28;
constexpr double kCharacter = 8;

// The ranges of the points that can be drawn, with what is around them.
struct Extent {
  double least_x = std::numeric_limits<double>::infinity();
  double greatest_x = -std::numeric_limits<double>::infinity();
  double least_y = least_x;
  double greatest_y = greatest_x;
};

Extent ExtentOf(const Chart& chart) {
  Extent extent;
  const auto add = [](const Axis& axis, double value, double& least, double& greatest) {
    if (!std::isfinite(value) || (axis.logarithmic && value <= 0)) return;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  };
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      add(chart.x, point.x, extent.least_x, extent.greatest_x);
      for (const double y : {point.y, point.low.value_or(point.y), point.high.value_or(point.y)}) {
        add(chart.y, y, extent.least_y, extent.greatest_y);
      }
    }
  }
  if (extent.least_x > extent.greatest_x) extent.least_x = extent.greatest_x = 1;
  if (extent.least_y > extent.greatest_y) extent.least_y = extent.greatest_y = 1;
  return extent;
}

// A chart at a place of a drawing.
class Drawing {
 public:
  Drawing(const Chart& chart, double left, double top, double width, double height)
      : chart_(chart),
        left_(left + kLeft),
        right_(left + width - kRight),
        top_(top + kTop),
        bottom_(top + height - kBottom - (chart.x.label.empty() ? 0 : kAxisLabel)),
        extent_(ExtentOf(chart)),
        x_(chart.x, extent_.least_x, extent_.greatest_x, left_, right_),
        y_(chart.y, extent_.least_y, extent_.greatest_y, bottom_, top_) {}

  std::string Svg() const {
    std::string svg = Frame();
    for (const Series& series : chart_.series) absl::StrAppend(&svg, Band(series));
    for (const Series& series : chart_.series) absl::StrAppend(&svg, Line(series));
    return svg;
  }

 private:
  // "depth 4 (%)"
  std::string TitleText() const {
    return chart_.y.label.empty() ? chart_.title : absl::StrCat(chart_.title, " (", chart_.y.label, ")");
  }

  std::string Frame() const {
    std::string svg = SvgText(left_ - kLeft + 4, top_ - 14, "start", TitleText(), "name");
    for (const Tick& tick : y_.Ticks(kTickDistanceY)) {
      absl::StrAppend(&svg, SvgLine(left_, tick.at, right_, tick.at, "grid"),
                      SvgText(left_ - 7, tick.at + 4.5, "end", tick.label, "quiet"));
    }
    for (const Tick& tick : x_.Ticks(kTickDistanceX)) {
      absl::StrAppend(&svg, SvgLine(tick.at, top_, tick.at, bottom_, "grid"),
                      SvgText(tick.at, bottom_ + 18, "middle", tick.label, "quiet"));
    }
    absl::StrAppend(&svg, "<path class=\"axis\" d=\"M", Px(left_), " ", Px(top_), "V", Px(bottom_), "H", Px(right_),
                    "\"/>\n");
    if (!chart_.x.label.empty()) {
      absl::StrAppend(&svg,
                      SvgText((left_ + right_) / 2, bottom_ + 18 + kAxisLabel, "middle", chart_.x.label, "quiet"));
    }
    return svg;
  }

  // What is between low and high.
  std::string Band(const Series& series) const {
    std::string there;
    std::string back;
    for (const ChartPoint& point : series.points) {
      const std::optional<double> x = x_.At(point.x);
      if (!x.has_value() || !point.low.has_value() || !point.high.has_value()) continue;
      absl::StrAppend(&there, there.empty() ? "M" : "L", Px(*x), " ", Px(y_.Clamped(*point.high)));
      back = absl::StrCat("L", Px(*x), " ", Px(y_.Clamped(*point.low)), back);
    }
    if (there.empty()) return "";
    return absl::StrFormat("<path class=\"band m%d\" d=\"%s%sZ\"/>\n", series.color, there, back);
  }

  std::string Line(const Series& series) const {
    std::string path;
    std::string dots;
    bool pen_down = false;
    for (const ChartPoint& point : series.points) {
      const std::optional<double> x = x_.At(point.x);
      const std::optional<double> y = y_.At(point.y);
      if (!x.has_value() || !y.has_value()) {
        pen_down = false;
        continue;
      }
      absl::StrAppend(&path, pen_down ? "L" : "M", Px(*x), " ", Px(*y));
      pen_down = true;
      if (!series.marked) continue;
      absl::StrAppendFormat(&dots, "<circle class=\"m%d\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>\n", series.color, Px(*x),
                            Px(*y), Px(kDot));
    }
    if (path.empty()) return "";
    return absl::StrFormat("<path class=\"line k%d%s\" d=\"%s\"><title>%s</title></path>\n%s", series.color,
                           series.dashed ? " dashed" : "", path, Escape(series.name), dots);
  }

  const Chart& chart_;
  const double left_;
  const double right_;
  const double top_;
  const double bottom_;
  const Extent extent_;
  const ChartScale x_;
  const ChartScale y_;
};

// The legend of a document from (0, top) on; sets the y below it.
std::string DocumentLegend(const Figure& figure, double& top) {
  std::string svg;
  double x = kLeft;
  for (const Series* series : LegendOf(figure)) {
    const double width = kKeyWidth + 8 + kCharacter * static_cast<double>(series->name.size()) + 18;
    if (x > kLeft && x + width > kDocumentWidth) {
      x = kLeft;
      top += kLegendRow;
    }
    absl::StrAppend(&svg, LegendKey(*series, x, top), SvgText(x + kKeyWidth + 8, top + 5, "start", series->name));
    x += width;
  }
  top += kLegendRow;
  return svg;
}

}  // namespace

std::string ChartSvg(const Chart& chart, double width, double height, absl::string_view style) {
  return absl::StrCat("<svg class=\"plot ", style, "\" viewBox=\"0 0 ", Px(width), " ", Px(height),
                      "\" role=\"img\" aria-label=\"", Escape(chart.title), "\">\n",
                      Drawing(chart, 0, 0, width, height).Svg(), "</svg>\n");
}

std::string FigureSvg(const Figure& figure) {
  const size_t columns = figure.charts.size() == 1 ? 1 : 2;
  const double width = (kDocumentWidth - kGap * static_cast<double>(columns - 1)) / static_cast<double>(columns);
  std::string svg;
  double bottom = 0;
  for (size_t i = 0; i < figure.charts.size(); ++i) {
    const double left = static_cast<double>(i % columns) * (width + kGap);
    const size_t row = i / columns;
    const double top = static_cast<double>(row) * (kDocumentHeight + kGap / 2);
    absl::StrAppend(&svg, Drawing(figure.charts[i], left, top, width, kDocumentHeight).Svg());
    bottom = top + kDocumentHeight;
  }
  bottom += kLegendRow;
  absl::StrAppend(&svg, DocumentLegend(figure, bottom));
  constexpr char kFont[] = "  text { font-size: 14px; }\n";
  return SvgDocument(figure.caption, kDocumentWidth, bottom, svg, absl::StrCat(kFont, ChartStyle()));
}

std::vector<const Series*> LegendOf(const Figure& figure) {
  std::vector<const Series*> legend;
  for (const Chart& chart : figure.charts) {
    for (const Series& series : chart.series) {
      const bool known = std::any_of(legend.begin(), legend.end(), [&](const Series* other) {
        return other->name == series.name && other->color == series.color && other->dashed == series.dashed;
      });
      if (!known) legend.push_back(&series);
    }
  }
  return legend;
}

std::string LegendKey(const Series& series, double x, double y) {
  std::string key = absl::StrFormat("<path class=\"line k%d%s\" d=\"M%s %sh%s\"/>", series.color,
                                    series.dashed ? " dashed" : "", Px(x), Px(y), Px(kKeyWidth));
  if (series.marked) {
    absl::StrAppendFormat(&key, "<circle class=\"m%d\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>", series.color,
                          Px(x + kKeyWidth / 2), Px(y), Px(kDot));
  }
  return key;
}

std::string ChartStyle() {
  return R"(
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .line.dashed { stroke-dasharray: 6 4; }
  .band { stroke: none; opacity: .16; }
  .name { font-weight: 600; }
)";
}

}  // namespace actbench::client
