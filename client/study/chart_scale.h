// SPDX-License-Identifier: Apache-2.0
// The axes of the study's charts, in pixels. Tested by study_chart_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_CHART_SCALE_H_
#define ACTBENCH_CLIENT_STUDY_CHART_SCALE_H_

#include <optional>
#include <vector>

#include "client/study/chart.h"
#include "client/svg.h"

namespace actbench::client {

class ChartScale {
 public:
  // Fits the values from `least` to `greatest`, unless the axis says otherwise; pixels from `begin` to `end`, of which
  // either may be less.
  ChartScale(const Axis& axis, double least, double greatest, double begin, double end);

  // Nothing for what is not on the axis: beyond its ends, NaN, or on a logarithmic one not above 0.
  std::optional<double> At(double value) const;
  // The nearest place for what is beyond an end.
  double Clamped(double value) const;
  // At least `distance` pixels apart.
  std::vector<Tick> Ticks(double distance) const;

 private:
  double Scaled(double value) const;
  std::vector<Tick> LinearTicks(double distance) const;
  std::vector<Tick> LogarithmicTicks(double distance) const;

  Axis axis_;
  double least_;  // scaled
  double greatest_;
  double begin_;
  double end_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_CHART_SCALE_H_
