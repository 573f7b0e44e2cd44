// SPDX-License-Identifier: Apache-2.0
// Draws figures. Tested by study_chart_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_CHART_SVG_H_
#define ACTBENCH_CLIENT_STUDY_CHART_SVG_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/study/chart.h"

namespace actbench::client {

// An element of class "plot" and `style` that follows the style of the page, which has to have ChartStyle too.
std::string ChartSvg(const Chart& chart, double width, double height, absl::string_view style);

// A document with all charts of the figure and their legend.
std::string FigureSvg(const Figure& figure);

// The series of all charts by name, each once.
std::vector<const Series*> LegendOf(const Figure& figure);
// The line of a series, as in a legend: 28 x 12 pixels, from the left at (x, y).
std::string LegendKey(const Series& series, double x, double y);

std::string ChartStyle();

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_CHART_SVG_H_
