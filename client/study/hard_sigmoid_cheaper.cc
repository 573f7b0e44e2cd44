// SPDX-License-Identifier: Apache-2.0
// How near hard_sigmoid is to sigmoid, and what it costs. Tested by study_statements_test.cc.
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/speed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr double kEnd = 20;  // beyond, both are at their limits to 8 digits

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  const absl::StatusOr<Distance> distance = DistanceOf(lab, {"sigmoid"}, {"hard_sigmoid"}, -kEnd, kEnd);
  if (!distance.ok()) return distance.status();
  const absl::StatusOr<Distance> middle = DistanceOf(lab, {"sigmoid"}, {"hard_sigmoid"}, -6, 6);
  if (!middle.ok()) return middle.status();
  findings.measurements.Add("largest_distance", distance->largest);
  findings.measurements.Add("largest_distance_at", distance->at);
  findings.measurements.Add("mean_distance_from_-6_to_6", middle->mean);
  std::vector<Curve> curves = WithGradient("sigmoid");
  for (Curve& curve : WithGradient("hard_sigmoid")) curves.push_back(std::move(curve));
  const absl::StatusOr<Chart> chart = CurvesChart(lab, "sigmoid and hard_sigmoid", curves, -6, 6);
  if (!chart.ok()) return chart.status();
  findings.figures.push_back({"Both functions, and their derivatives, dashed.", {*chart}});
  const absl::StatusOr<std::vector<Timing>> timings = TimeKernels(lab, {"sigmoid", "hard_sigmoid"});
  if (!timings.ok()) return timings.status();
  AddTimes(*timings, "sigmoid", "hard_sigmoid", findings.measurements);
  findings.figures.push_back(CostFigure(*timings));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  constexpr double kNear = 0.1;  // a tenth of sigmoid's range
  const double distance = m["largest_distance"];
  const Ratios ratios = RatiosOf(m);
  Conclusion conclusion;
  conclusion.verdict = !(distance <= kNear) || ratios.cheaper == 0 ? Verdict::kRefuted
                       : ratios.cheaper == ratios.count            ? Verdict::kConfirmed
                                                                   : Verdict::kDepends;
  conclusion.because =
      absl::StrCat("at most ", NumberText(distance), " apart; sigmoid takes ", NumberText(ratios.least), " (",
                   ratios.least_at, ") to ", NumberText(ratios.greatest), " (", ratios.greatest_at, ") times as long");
  conclusion.text = absl::StrCat(
      "The two are nowhere further apart than ", NumberText(distance),
      ", at x = ", NumberText(m["largest_distance_at"]), ", and ", NumberText(m["mean_distance_from_-6_to_6"]),
      " in the mean from -6 to 6. An element of sigmoid takes ", NumberText(ratios.least),
      " times as long as one of hard_sigmoid (", ratios.least_at, ") to ", NumberText(ratios.greatest), " times (",
      ratios.greatest_at, "). ", RatiosText(ratios), " Where memory is the limit, both wait for it.");
  return conclusion;
}

}  // namespace

const Statement& HardSigmoidCheaper() {
  static constexpr Statement kStatement = {
      "hard_sigmoid_cheaper", "Hard sigmoid approximates sigmoid with less computation.",
      "The distance at a million places from -20 to 20, in f32, and the time of an element by instruction set and by "
      "the memory that inputs and outputs lie in, from the benchmark lab (two or three fresh processes each). "
      "Confirmed if the distance is at most 0.1 and sigmoid takes 1.25 times as long or longer everywhere, refuted if "
      "it is more, or if sigmoid does so nowhere.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
