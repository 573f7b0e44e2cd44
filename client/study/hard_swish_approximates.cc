// SPDX-License-Identifier: Apache-2.0
// How near hard_swish is to swish, as a function and in networks. Tested by study_statements_test.cc.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/curves.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr int kDepths[] = {4, 16};

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  const absl::StatusOr<Distance> distance = DistanceOf(lab, {"swish"}, {"hard_swish"}, -20, 20);
  if (!distance.ok()) return distance.status();
  const absl::StatusOr<Distance> middle = DistanceOf(lab, {"swish"}, {"hard_swish"}, -6, 6);
  if (!middle.ok()) return middle.status();
  findings.measurements.Add("largest_distance", distance->largest);
  findings.measurements.Add("largest_distance_at", distance->at);
  findings.measurements.Add("mean_distance_from_-6_to_6", middle->mean);
  std::vector<Curve> curves = WithGradient("swish");
  for (Curve& curve : WithGradient("hard_swish")) curves.push_back(std::move(curve));
  absl::StatusOr<Chart> chart = CurvesChart(lab, "swish and hard_swish", curves, -6, 6);
  if (!chart.ok()) return chart.status();
  Figure figure = {
      "Left: both functions, and their derivatives, dashed. Then: accuracy on held-out images, in percent, by epoch, "
      "mean and range of the seeds.",
      {*std::move(chart)}};
  for (const int depth : kDepths) {
    const auto trained = lab.Trained(static_cast<size_t>(depth), {"swish", "hard_swish"});
    if (!trained.ok()) return trained.status();
    Chart training = {absl::StrCat("trained, depth ", depth), EpochAxis(), {""}, {}};
    for (const auto& [activation, networks] : *trained) {
      const std::string end = absl::StrCat(".", activation, ".depth_", depth);
      findings.measurements.Add("accuracy" + end, Mean(FinalAccuracies(*networks)));
      findings.measurements.Add("margin" + end, Margin(FinalAccuracies(*networks)));
      training.series.push_back(AccuracySeries(activation, *networks, /*range=*/true));
    }
    figure.charts.push_back(std::move(training));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  constexpr double kNear = 0.2;    // a twentieth of what swish is at 4, where most of its bend is over
  constexpr double kAlike = 0.01;  // of accuracy: 4 of the 360 images
  const double distance = m["largest_distance"];
  size_t alike = 0;
  std::vector<std::string> parts;
  for (const int depth : kDepths) {
    const auto of = [&](const char* what, const char* activation) {
      return m[absl::StrCat(what, ".", activation, ".depth_", depth)];
    };
    const double loss = of("accuracy", "swish") - of("accuracy", "hard_swish");
    const double chance = std::hypot(of("margin", "swish"), of("margin", "hard_swish"));
    alike += loss <= std::max(kAlike, chance) ? 1 : 0;
    parts.push_back(absl::StrCat(PercentText(of("accuracy", "hard_swish")), " against ",
                                 PercentText(of("accuracy", "swish")), " at depth ", depth));
  }
  Conclusion conclusion;
  const bool near = distance <= kNear;
  const size_t all = std::size(kDepths);
  conclusion.verdict = near && alike == all ? Verdict::kConfirmed
                       : alike == all       ? Verdict::kCorrected
                       : alike > 0          ? Verdict::kDepends
                                            : Verdict::kRefuted;
  conclusion.because =
      absl::StrCat("at most ", NumberText(distance), " apart; networks reach ", absl::StrJoin(parts, ", "));
  conclusion.text =
      absl::StrCat("The two are nowhere further apart than ", NumberText(distance),
                   ", at x = ", NumberText(m["largest_distance_at"]), ", where the hard one has its corner, and ",
                   NumberText(m["mean_distance_from_-6_to_6"]),
                   " in the mean from -6 to 6. Networks of hard_swish, trained from the same initial weights, reach ",
                   absl::StrJoin(parts, " and "), ".");
  return conclusion;
}

}  // namespace

const Statement& HardSwishApproximates() {
  static constexpr Statement kStatement = {
      "hard_swish_approximates", "Hard swish approximates swish.",
      "The distance at a million places from -20 to 20, in f32, and what networks of both reach, trained as for "
      "relu_trains_better. Confirmed if the distance is at most 0.2 and hard_swish loses at most 1 % of accuracy, or "
      "no more than chance (95 %) does, at depth 4 and 16; corrected if it does so though the functions are further "
      "apart; depends if it does so at one depth.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
