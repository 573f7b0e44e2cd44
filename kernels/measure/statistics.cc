// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>

namespace actbench {
namespace {

// The number of standard deviations on each side of a normal distribution's mean that hold `confidence` of it: erf of
// it over the square root of 2 is that, which Newton's method solves.
double NormalDeviations(double confidence) {
  double z = 1;
  for (int i = 0; i < 50; ++i) {
    const double density = std::exp(-z * z / 2) * std::sqrt(2 / std::acos(-1.0));
    z -= (std::erf(z / std::sqrt(2.0)) - confidence) / density;
  }
  return z;
}

}  // namespace

double Quantile(absl::Span<const double> sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return Quantile(values, 0.5);
}

Interval MedianInterval(absl::Span<const double> values, double confidence, int draws, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> medians;
  std::vector<double> sample(values.size());
  for (int i = 0; i < draws; ++i) {
    for (double& value : sample) value = values[random() % values.size()];
    medians.push_back(Median(sample));
  }
  std::sort(medians.begin(), medians.end());
  return {Quantile(medians, (1 - confidence) / 2), Quantile(medians, (1 + confidence) / 2)};
}

Interval MedianOrderInterval(absl::Span<const double> sorted, double confidence) {
  const auto n = static_cast<double>(sorted.size());
  const double k = std::floor((n - NormalDeviations(confidence) * std::sqrt(n)) / 2);
  const size_t left_out = k > 1 ? static_cast<size_t>(k) - 1 : 0;
  return {sorted[left_out], sorted[sorted.size() - 1 - left_out]};
}

}  // namespace actbench
