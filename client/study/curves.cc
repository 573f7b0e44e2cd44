// SPDX-License-Identifier: Apache-2.0
#include "client/study/curves.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench::client {
namespace {

constexpr size_t kCurvePoints = 121;
constexpr size_t kPlaces = 1'000'001;

}  // namespace

std::vector<double> Spaced(double from, double to, size_t count) {
  std::vector<double> x(count);
  const auto last = static_cast<double>(count - 1);
  for (size_t i = 0; i < count; ++i) x[i] = from + (to - from) * (static_cast<double>(i) / last);
  return x;
}

std::vector<Curve> WithGradient(const std::string& activation) {
  const size_t color = ColorOf(activation);
  return {{activation, {activation}, color},
          {absl::StrCat(activation, "'"), GradientOf(activation), color, /*dashed=*/true}};
}

absl::StatusOr<Chart> CurvesChart(Lab& lab, const std::string& title, absl::Span<const Curve> curves, double from,
                                  double to) {
  Chart chart = {title, {"x"}, {""}, {}};
  const std::vector<double> x = Spaced(from, to, kCurvePoints);
  for (const Curve& curve : curves) {
    const absl::StatusOr<std::vector<double>> y = lab.Values(curve.function, Dtype::kF32, x);
    if (!y.ok()) return y.status();
    Series series = {curve.name, curve.color, {}, curve.dashed};
    for (size_t i = 0; i < x.size(); ++i) series.points.push_back({x[i], (*y)[i]});
    chart.series.push_back(std::move(series));
  }
  return chart;
}

absl::StatusOr<Distance> DistanceOf(Lab& lab, const Function& f, const Function& g, double from, double to) {
  const std::vector<double> x = Spaced(from, to, kPlaces);
  const absl::StatusOr<std::vector<double>> first = lab.Values(f, Dtype::kF32, x);
  if (!first.ok()) return first.status();
  const absl::StatusOr<std::vector<double>> second = lab.Values(g, Dtype::kF32, x);
  if (!second.ok()) return second.status();
  Distance distance;
  for (size_t i = 0; i < x.size(); ++i) {
    const double here = std::abs((*first)[i] - (*second)[i]);
    distance.mean += here / static_cast<double>(x.size());
    if (!(here > distance.largest)) continue;
    distance.largest = here;
    distance.at = x[i];
  }
  return distance;
}

absl::Status AddDistances(Lab& lab, const std::string& smooth, const std::string& other, Measurements& measurements) {
  constexpr double kEnd = 20;
  constexpr double kMiddle = 6;
  const absl::StatusOr<Distance> distance = DistanceOf(lab, {smooth}, {other}, -kEnd, kEnd);
  if (!distance.ok()) return distance.status();
  const absl::StatusOr<Distance> middle = DistanceOf(lab, {smooth}, {other}, -kMiddle, kMiddle);
  if (!middle.ok()) return middle.status();
  measurements.Add("largest_distance", distance->largest);
  measurements.Add("largest_distance_at", distance->at);
  measurements.Add("mean_distance_from_-6_to_6", middle->mean);
  return absl::OkStatus();
}

absl::StatusOr<Chart> BothChart(Lab& lab, const std::string& smooth, const std::string& other) {
  std::vector<Curve> curves = WithGradient(smooth);
  for (Curve& curve : WithGradient(other)) curves.push_back(std::move(curve));
  return CurvesChart(lab, absl::StrCat(smooth, " and ", other), curves, -6, 6);
}

}  // namespace actbench::client
