// SPDX-License-Identifier: Apache-2.0
// Figures of the study as data: lines over axes. chart_svg.h draws them.
#ifndef ACTBENCH_CLIENT_STUDY_CHART_H_
#define ACTBENCH_CLIENT_STUDY_CHART_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace actbench::client {

struct ChartPoint {
  double x;
  double y;
  // Where the values lie that y stands for, such as those of other seeds.
  std::optional<double> low = std::nullopt;
  std::optional<double> high = std::nullopt;
};

struct Series {
  std::string name;
  size_t color;  // of the palette (client/svg.h)
  std::vector<ChartPoint> points;
  bool dashed = false;
  bool marked = false;  // whether each point has a dot: where there are few
};

struct Axis {
  std::string label;  // of x, below it; of y the unit, after the title
  bool logarithmic = false;
  // Values at 0, 1, 2 ... by name, in place of numbers.
  std::vector<std::string> names = {};
  // Ends that are not those of the points; points beyond are cut off.
  std::optional<double> least = std::nullopt;
  std::optional<double> greatest = std::nullopt;
  // Whether there is nothing between whole numbers.
  bool whole = false;
};

struct Chart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
};

// Charts side by side, which share a legend.
struct Figure {
  std::string caption;
  std::vector<Chart> charts;
};

// The color of an activation, the same in each figure. Not one for each: only for those that are drawn together.
size_t ColorOf(absl::string_view activation);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_CHART_H_
