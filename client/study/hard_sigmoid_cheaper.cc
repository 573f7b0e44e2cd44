// SPDX-License-Identifier: Apache-2.0
// How near hard_sigmoid is to sigmoid, and what it costs. Tested by study_statements_test.cc.
#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/speed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

// How far sigmoid is from its tangent at 0, cut off at 0 and 1: the nearest thing without a fitted number.
absl::StatusOr<double> TangentDistance(Lab& lab) {
  const std::vector<double> x = Spaced(-20, 20, 100'001);
  const absl::StatusOr<std::vector<double>> y = lab.Values({"sigmoid"}, Dtype::kF64, x);
  if (!y.ok()) return y.status();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    largest = std::max(largest, std::abs((*y)[i] - std::clamp(x[i] / 4 + 0.5, 0.0, 1.0)));
  }
  return largest;
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  if (absl::Status added = AddDistances(lab, "sigmoid", "hard_sigmoid", findings.measurements); !added.ok())
    return added;
  const absl::StatusOr<double> tangent = TangentDistance(lab);
  if (!tangent.ok()) return tangent.status();
  findings.measurements.Add("largest_distance_of_tangent", *tangent);
  const absl::StatusOr<Chart> chart = BothChart(lab, "sigmoid", "hard_sigmoid");
  if (!chart.ok()) return chart.status();
  findings.figures.push_back({"Both functions, and their derivatives, dashed.", {*chart}});
  const absl::StatusOr<Timings> timings = TimeKernels(lab, {"sigmoid", "hard_sigmoid"});
  if (!timings.ok()) return timings.status();
  AddTimes(*timings, "sigmoid", "hard_sigmoid", findings.measurements);
  findings.figures.push_back(CostFigure(timings->all));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  const double distance = m["largest_distance"];
  const bool near = distance < m["largest_distance_of_tangent"];
  const Ratios ratios = RatiosOf(m);
  Conclusion conclusion;
  conclusion.verdict = near ? JudgeRatios(ratios) : Verdict::kRefuted;
  conclusion.because =
      absl::StrCat("at most ", NumberText(distance), " apart; sigmoid takes ", RangeText(ratios), " times as long");
  conclusion.text = absl::StrCat(
      "The two are nowhere further apart than ", NumberText(distance),
      ", at x = ", NumberText(m["largest_distance_at"]), ", and ", NumberText(m["mean_distance_from_-6_to_6"]),
      " in the mean from -6 to 6; sigmoid's tangent at 0, cut off at 0 and 1, is up to ",
      NumberText(m["largest_distance_of_tangent"]), " away. ", RatiosText(m, "sigmoid", "hard_sigmoid"));
  return conclusion;
}

}  // namespace

const Statement& HardSigmoidCheaper() {
  static constexpr Statement kStatement = {
      "hard_sigmoid_cheaper", "Hard sigmoid approximates sigmoid with less computation.",
      "The distance at a million places from -20 to 20, in f32, and the time of an element by instruction set and by "
      "the memory that inputs and outputs lie in, from the benchmark lab: all kernels in turn, in one to three rounds, "
      "a fresh process each. It is near if it is nowhere as far from sigmoid as sigmoid's tangent at 0 is, cut off at "
      "0 and 1. Confirmed if it is and sigmoid takes 1.25 times as long or longer in all rounds with each instruction "
      "set in L1 and L2, where computation takes the time; refuted if it is not near or sigmoid takes less than that "
      "in all of them; depends otherwise. L3 and memory are told beside it.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
