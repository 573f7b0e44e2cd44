// SPDX-License-Identifier: Apache-2.0
#include "client/report_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/accuracy_table.h"
#include "client/benchmark_result.h"
#include "client/markup.h"
#include "client/report_scale.h"
#include "client/svg.h"

namespace actbench::client {
namespace {

// Pixels.
constexpr double kLeft = 58;
constexpr double kRight = 18;
constexpr double kTop = 26;
constexpr double kBottom = 52;
// The height of the rows of infinite errors, at the top, and of unknown ones, at the bottom.
constexpr double kRow = 34;
constexpr double kRadius = 6;
// How far below its guide the text is.
constexpr double kGuideText = 18;
// Of a label: the distance from the marker's middle, the height, and about the width of a character.
constexpr double kLabelDistance = 11;
constexpr double kLabelHeight = 14;
constexpr double kLabelCharacter = 6.7;

struct Point {
  const v1::BenchmarkResult* result;
  double x;
  double y;
};

struct Box {
  double left;
  double right;
  double top;
  double bottom;

  bool Overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

std::optional<double> UlpOf(const v1::BenchmarkResult& result) {
  if (!result.has_accuracy() || std::isnan(result.accuracy().max_ulp())) return std::nullopt;
  return result.accuracy().max_ulp();
}

// The time of a call per element if it had the speed of copying: the median of those that were measured.
std::optional<double> CopyNs(absl::Span<const v1::BenchmarkResult* const> results) {
  std::vector<double> times;
  for (const v1::BenchmarkResult* result : results) {
    const std::optional<double> ratio = CopyRatio(*result);
    if (ratio.has_value() && *ratio > 0) times.push_back(NsPerElement(*result) * *ratio);
  }
  if (times.empty()) return std::nullopt;
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// Where everything is.
class Layout {
 public:
  Layout(absl::Span<const v1::BenchmarkResult* const> results, const PlotOptions& options)
      : right(options.width - kRight),
        bottom(options.height - kBottom),
        copy_ns(options.alternatives ? CopyNs(results) : std::nullopt),
        infinite(Any(results, [](std::optional<double> ulp) { return ulp.has_value() && std::isinf(*ulp); })),
        unknown(Any(results, [](std::optional<double> ulp) { return !ulp.has_value(); })),
        speeds(Speeds(results, copy_ns), kLeft, right),
        errors(Errors(results), kTop + (infinite ? kRow : 0) + 3 * kRadius,
               bottom - (unknown ? kRow : 0) - kGuideText - kRadius) {}

  double Y(const v1::BenchmarkResult& result) const {
    const std::optional<double> ulp = UlpOf(result);
    if (!ulp.has_value()) return bottom - kRow / 2;
    return std::isinf(*ulp) ? kTop + kRow / 2 : errors.At(*ulp);
  }

  const double right;
  const double bottom;
  const std::optional<double> copy_ns;
  const bool infinite;  // whether some error is
  const bool unknown;
  const SpeedScale speeds;
  const ErrorScale errors;

 private:
  template <class Predicate>
  static bool Any(absl::Span<const v1::BenchmarkResult* const> results, const Predicate& is_it) {
    return std::any_of(results.begin(), results.end(), [&](const auto* result) { return is_it(UlpOf(*result)); });
  }

  static std::vector<double> Speeds(absl::Span<const v1::BenchmarkResult* const> results, std::optional<double> more) {
    std::vector<double> speeds;
    for (const v1::BenchmarkResult* result : results) speeds.push_back(NsPerElement(*result));
    if (more.has_value()) speeds.push_back(*more);
    return speeds;
  }

  static std::vector<double> Errors(absl::Span<const v1::BenchmarkResult* const> results) {
    std::vector<double> errors;
    for (const v1::BenchmarkResult* result : results) errors.push_back(UlpOf(*result).value_or(HUGE_VAL));
    return errors;
  }
};

// What stands below the points.
std::string Frame(const Layout& layout) {
  const double right = layout.right;
  std::string svg;
  const auto row = [&](double top, const char* name) {
    absl::StrAppendFormat(&svg, "<rect class=\"row\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n", Px(kLeft),
                          Px(top), Px(right - kLeft), Px(kRow));
    absl::StrAppend(&svg, SvgText(kLeft - 8, top + kRow / 2 + 4, "end", name));
  };
  if (layout.infinite) row(kTop, "∞");
  if (layout.unknown) row(layout.bottom - kRow, "?");
  for (const Tick& tick : layout.errors.Ticks()) {
    absl::StrAppend(&svg, SvgLine(kLeft, tick.at, right, tick.at, "grid"),
                    SvgText(kLeft - 8, tick.at + 4, "end", tick.label));
  }
  for (const Tick& tick : layout.speeds.Ticks()) {
    absl::StrAppend(&svg, SvgLine(tick.at, kTop, tick.at, layout.bottom, "grid"),
                    SvgText(tick.at, layout.bottom + 18, "middle", tick.label));
  }
  const double half = layout.errors.At(0.5);
  absl::StrAppend(&svg, SvgLine(kLeft, half, right, half, "guide"),
                  SvgText(right - 4, half + kGuideText, "end", "correctly rounded", "quiet"));
  if (layout.copy_ns.has_value()) {
    const double x = layout.speeds.At(*layout.copy_ns);
    absl::StrAppend(&svg, SvgLine(x, kTop, x, layout.bottom, "guide"), "<g transform=\"translate(", Px(x - 5), " ",
                    Px((kTop + layout.bottom) / 2), ") rotate(-90)\">",
                    SvgText(0, 0, "middle", "speed of copying", "quiet"), "</g>\n");
  }
  absl::StrAppend(&svg, "<path class=\"axis\" d=\"M", Px(kLeft), " ", Px(kTop), "V", Px(layout.bottom), "H", Px(right),
                  "\"/>\n", SvgText(4, kTop - 10, "start", "max error in ulp", "quiet"),
                  SvgText((kLeft + right) / 2, layout.bottom + 40, "middle", "ns per element (← faster)", "quiet"));
  return svg;
}

// Those that none is both faster and more accurate than, from the fastest on.
std::vector<Point> Frontier(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  std::vector<Point> frontier;
  double least = std::numeric_limits<double>::infinity();
  for (const Point& point : points) {
    const std::optional<double> ulp = UlpOf(*point.result);
    if (!ulp.has_value() || (!frontier.empty() && *ulp >= least)) continue;
    least = *ulp;
    frontier.push_back(point);
  }
  return frontier;
}

std::string FrontierPath(const std::vector<Point>& frontier, double right) {
  if (frontier.empty()) return "";
  std::string path = absl::StrCat("M", Px(frontier[0].x), " ", Px(kTop));
  for (const Point& point : frontier) absl::StrAppend(&path, "H", Px(point.x), "V", Px(point.y));
  return absl::StrCat("<path class=\"frontier\" d=\"", path, "H", Px(right), "\"/>\n");
}

std::string PointTitle(const v1::BenchmarkResult& result) {
  const std::string ulp = UlpCell(result);
  const std::string copy = CopyCell(result);
  const std::string note = NoteText(result);
  return absl::StrCat(result.name(), "\n", NsPerElementCell(result), " ns per element",
                      HasInterval(result) ? absl::StrCat(" (", IntervalCell(result), ")\n") : "\n",
                      ulp.empty() ? "max error not known" : absl::StrCat("max error ", ulp, " ulp"),
                      copy.empty() ? "" : absl::StrCat("\n", copy, " of the copying speed"),
                      note.empty() ? "" : absl::StrCat("\n", note));
}

// The interval of the median, and an arrow where the error may be more.
std::string Whiskers(const Point& point, const Layout& layout, size_t color) {
  const v1::BenchmarkResult& result = *point.result;
  const auto elements = static_cast<double>(result.elements());
  const double low = layout.speeds.At(result.time().median_low_ns() / elements);
  const double high = layout.speeds.At(result.time().median_high_ns() / elements);
  std::string svg;
  if (HasInterval(result) && std::isfinite(low) && std::isfinite(high)) {
    absl::StrAppendFormat(&svg, "<path class=\"whisker k%d\" d=\"M%s %sH%s\"/>", color, Px(low), Px(point.y), Px(high));
  }
  if (result.has_accuracy() && std::isfinite(result.accuracy().max_ulp()) && !IsExhaustive(result.accuracy().mode())) {
    absl::StrAppendFormat(&svg, "<path class=\"whisker k%d\" d=\"M%s %sv-14m-3.5 4l3.5 -4l3.5 4\"/>", color,
                          Px(point.x), Px(point.y - kRadius + 2));
  }
  return svg;
}

std::string DrawPoint(const v1::BenchmarkRun& run, const Point& point, const std::string& whiskers, size_t color) {
  const v1::BenchmarkResult& result = *point.result;
  return absl::StrFormat("<g class=\"pt%s\" data-r=\"%d\"><title>%s</title>%s%s</g>\n", IsNoisy(result) ? " noisy" : "",
                         PlaceOf(run, result), Escape(PointTitle(result)), whiskers,
                         Marker(result.kernel().tier(), color, point.x, point.y));
}

// Labels of those points that have room for one, `first` before the others.
std::string LabelsText(const std::vector<Point>& first, const std::vector<Point>& points, const Layout& layout) {
  std::vector<Box> taken;
  taken.reserve(2 * points.size());
  for (const Point& point : points)
    taken.push_back({point.x - kRadius, point.x + kRadius, point.y - kRadius, point.y + kRadius});
  std::string svg;
  std::vector<const v1::BenchmarkResult*> done;
  std::vector<Point> order = first;
  order.insert(order.end(), points.begin(), points.end());
  for (const Point& point : order) {
    if (std::find(done.begin(), done.end(), point.result) != done.end()) continue;
    done.push_back(point.result);
    const std::string label = KernelCell(*point.result);
    const double width = kLabelCharacter * static_cast<double>(label.size());
    const std::pair<const char*, double> places[] = {{"start", kLabelDistance}, {"end", -kLabelDistance}};
    for (const auto& [anchor, dx] : places) {
      const double left = dx > 0 ? point.x + dx : point.x + dx - width;
      const Box box = {left, left + width, point.y - kLabelHeight / 2, point.y + kLabelHeight / 2};
      const bool free = box.left > kLeft && box.right < layout.right &&
                        std::none_of(taken.begin(), taken.end(), [&](const Box& other) { return box.Overlaps(other); });
      if (!free) continue;
      taken.push_back(box);
      absl::StrAppend(&svg, SvgText(point.x + dx, point.y + 4, anchor, label, "label"));
      break;
    }
  }
  return svg;
}

}  // namespace

ProviderColors::ProviderColors(const v1::BenchmarkRun& run) {
  for (const v1::BenchmarkResult& result : run.results()) colors_[result.kernel().provider()] = 0;
  size_t next = 1;
  for (auto& [provider, color] : colors_) color = provider == "actbench" ? 0 : next++ % kColors;
}

std::string Marker(const std::string& tier, size_t color, double x, double y) {
  const std::string at = absl::StrCat("cx=\"", Px(x), "\" cy=\"", Px(y), "\"");
  if (tier == "fast") return absl::StrFormat("<circle class=\"mark m%d\" %s r=\"%s\"/>", color, at, Px(kRadius));
  if (tier == "exact") return absl::StrFormat("<circle class=\"ring k%d\" %s r=\"%s\"/>", color, at, Px(kRadius - 1));
  const char* shape = tier == "native" ? "m0 -7.5l7.5 7.5l-7.5 7.5l-7.5 -7.5z" : "m0 -7l7 12.5h-14z";
  return absl::StrFormat("<path class=\"mark m%d\" d=\"M%s %s%s\"/>", color, Px(x), Px(y), shape);
}

int PlaceOf(const v1::BenchmarkRun& run, const v1::BenchmarkResult& result) {
  const auto place = std::find_if(run.results().begin(), run.results().end(),
                                  [&](const v1::BenchmarkResult& one) { return &one == &result; });
  return static_cast<int>(place - run.results().begin());
}

std::string SpeedPlot(const v1::BenchmarkRun& run, absl::Span<const v1::BenchmarkResult* const> results,
                      const ProviderColors& colors, const PlotOptions& options) {
  const Layout layout(results, options);
  std::vector<Point> points;
  for (const v1::BenchmarkResult* result : results) {
    points.push_back({result, layout.speeds.At(NsPerElement(*result)), layout.Y(*result)});
  }
  std::string svg = absl::StrFormat(
      "<svg class=\"plot %s\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"Maximum error over time per element\">\n",
      options.style, Px(options.width), Px(options.height));
  absl::StrAppend(&svg, Frame(layout));
  const std::vector<Point> frontier = options.alternatives ? Frontier(points) : std::vector<Point>();
  absl::StrAppend(&svg, FrontierPath(frontier, layout.right));
  for (const Point& point : points) {
    const size_t color = colors.Of(*point.result);
    absl::StrAppend(&svg, DrawPoint(run, point, options.alternatives ? Whiskers(point, layout, color) : "", color));
  }
  if (options.alternatives) absl::StrAppend(&svg, LabelsText(frontier, points, layout));
  return absl::StrCat(svg, "</svg>\n");
}

}  // namespace actbench::client
