// SPDX-License-Identifier: Apache-2.0
// Draws benchmark results as points, speed against accuracy. Tested by report_plot_test.cc.
#ifndef ACTBENCH_CLIENT_REPORT_PLOT_H_
#define ACTBENCH_CLIENT_REPORT_PLOT_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/types/span.h"
#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// A color of the palette (svg.h) for each provider: our own has the first, the others follow in the order of their
// names, and from the ninth on colors come again.
class ProviderColors {
 public:
  explicit ProviderColors(const v1::BenchmarkRun& run);
  size_t Of(const v1::BenchmarkResult& result) const { return colors_.at(result.kernel().provider()); }
  const std::map<std::string, size_t>& all() const { return colors_; }

 private:
  std::map<std::string, size_t> colors_;
};

// What stands for a kernel: a disc (fast), a ring (exact), a diamond (native) or a triangle (another tier).
std::string Marker(const std::string& tier, size_t color, double x, double y);

struct PlotOptions {
  double width = 0;  // pixels
  double height = 0;
  std::string style;  // a class of the element
  // Whether the results are alternatives: then they are labelled as far as there is room, and the ceiling of copying
  // and the line of those that none is both faster and more accurate than are drawn.
  bool alternatives = false;
};

// An SVG element that follows the style of the page. `results` are measured and of the run that the colors are of; each
// is drawn as a group of class "pt" with a title, and with its place in the run as the attribute data-r.
std::string SpeedPlot(const v1::BenchmarkRun& run, absl::Span<const v1::BenchmarkResult* const> results,
                      const ProviderColors& colors, const PlotOptions& options);

// Its place in the run, which the result must be of.
int PlaceOf(const v1::BenchmarkRun& run, const v1::BenchmarkResult& result);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_PLOT_H_
