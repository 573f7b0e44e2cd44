// SPDX-License-Identifier: Apache-2.0
#include "client/study/averages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace actbench::client {

namespace {

using Quantiles = std::array<double, 9>;

// That quantile times the standard error of the mean.
double QuantileOf(const std::vector<double>& values, const Quantiles& quantiles) {
  if (values.size() < 2) return 0;
  const double quantile = quantiles[std::min(values.size() - 2, quantiles.size() - 1)];
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size());
  return quantile * std::sqrt(squares / (count - 1) / count);
}

}  // namespace

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

double Greatest(const std::vector<double>& values) { return *std::max_element(values.begin(), values.end()); }

double Margin(const std::vector<double>& values) {
  // Student's quantile of 0.975 for one degree of freedom, two and so on; from there on nearly the normal one.
  constexpr Quantiles kQuantiles = {12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};
  return QuantileOf(values, kQuantiles);
}

double MarginOf21(const std::vector<double>& values) {
  // Of 1 - 0.025 / 21.
  constexpr Quantiles kQuantiles = {267.4, 20.46, 9.624, 6.847, 5.666, 5.03, 4.636, 4.37, 4.179};
  return QuantileOf(values, kQuantiles);
}

void AddDifference(const std::string& name, const std::string& end, const std::vector<double>& a,
                   const std::vector<double>& b, Measurements& measurements) {
  std::vector<double> differences = a;
  for (size_t i = 0; i < differences.size(); ++i) differences[i] -= b[i];
  measurements.Add(name + end, Mean(differences));
  measurements.Add(name + "_margin" + end, Margin(differences));
}

std::vector<double> FinalAccuracies(const Lab::Networks& networks) {
  std::vector<double> accuracies;
  accuracies.reserve(networks.size());
  for (const TrainedNetwork& network : networks) accuracies.push_back(network.held_out.back());
  return accuracies;
}

Series AccuracySeries(const std::string& activation, const Lab::Networks& networks, bool range) {
  Series series = {activation, ColorOf(activation), {}};
  for (size_t epoch = 0; epoch < networks.front().held_out.size(); ++epoch) {
    std::vector<double> accuracies;
    for (const TrainedNetwork& network : networks) accuracies.push_back(100 * network.held_out[epoch]);
    ChartPoint point = {static_cast<double>(epoch), Mean(accuracies)};
    if (range) {
      point.low = Least(accuracies);
      point.high = Greatest(accuracies);
    }
    series.points.push_back(point);
  }
  return series;
}

}  // namespace actbench::client
