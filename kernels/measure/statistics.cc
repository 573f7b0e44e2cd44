// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/statistics.h"

#include <algorithm>
#include <cstddef>
#include <random>

namespace actbench {
double Quantile(absl::Span<const double> sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double Median(absl::Span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return below + (*middle - below) / 2;
}

double Median(std::vector<double> values) { return Median(absl::MakeSpan(values)); }

Interval MedianInterval(absl::Span<const double> values, double confidence, int draws, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> medians;
  medians.reserve(static_cast<size_t>(draws));
  std::vector<double> sample(values.size());
  for (int i = 0; i < draws; ++i) {
    for (double& value : sample) value = values[random() % values.size()];
    medians.push_back(Median(absl::MakeSpan(sample)));
  }
  std::sort(medians.begin(), medians.end());
  return {Quantile(medians, (1 - confidence) / 2), Quantile(medians, (1 + confidence) / 2)};
}

}  // namespace actbench
