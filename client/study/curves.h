// SPDX-License-Identifier: Apache-2.0
// Functions over x, for figures, and how far two of them are apart. Tested by study_lab_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_CURVES_H_
#define ACTBENCH_CLIENT_STUDY_CURVES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/study/chart.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

// `count` numbers, both ends included. REQUIRES: at least two.
std::vector<double> Spaced(double from, double to, size_t count);

struct Curve {
  std::string name;
  Function function;
  size_t color;
  bool dashed = false;
};
// The function and its gradient, in the activation's color and dashed.
std::vector<Curve> WithGradient(const std::string& activation);

// Evaluated in f32.
absl::StatusOr<Chart> CurvesChart(Lab& lab, const std::string& title, absl::Span<const Curve> curves, double from,
                                  double to);

struct Distance {
  double largest = 0;
  double at = 0;    // the x of it
  double mean = 0;  // over the whole range
};
// Of abs(f(x) - g(x)) at a million places from `from` to `to`, in f32.
absl::StatusOr<Distance> DistanceOf(Lab& lab, const Function& f, const Function& g, double from, double to);

// That of an activation and another that is to be near it, from -20 to 20, where both are at their limits to 8 digits:
// "largest_distance", "largest_distance_at" and "mean_distance_from_-6_to_6".
absl::Status AddDistances(Lab& lab, const std::string& smooth, const std::string& other, Measurements& measurements);

// Both and their derivatives.
absl::StatusOr<Chart> BothChart(Lab& lab, const std::string& smooth, const std::string& other);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_CURVES_H_
