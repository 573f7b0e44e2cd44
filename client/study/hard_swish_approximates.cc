// SPDX-License-Identifier: Apache-2.0
// How near hard_swish is to swish, as a function and in networks. Tested by study_statements_test.cc.
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
  if (absl::Status added = AddDistances(lab, "swish", "hard_swish", findings.measurements); !added.ok()) return added;
  const absl::StatusOr<Distance> of_relu = DistanceOf(lab, {"swish"}, {"relu"}, -20, 20);
  if (!of_relu.ok()) return of_relu.status();
  findings.measurements.Add("largest_distance_of_relu", of_relu->largest);
  absl::StatusOr<Chart> chart = BothChart(lab, "swish", "hard_swish");
  if (!chart.ok()) return chart.status();
  Figure figure = {
      "Both functions, and their derivatives, dashed; accuracy on held-out images, in percent, by epoch, mean and "
      "range "
      "of the seeds.",
      {*std::move(chart)}};
  for (const int depth : kDepths) {
    const auto trained = lab.Trained(static_cast<size_t>(depth), {"swish", "hard_swish"});
    if (!trained.ok()) return trained.status();
    Chart training = {absl::StrCat("trained, depth ", depth), EpochAxis(), {"%"}, {}};
    for (const auto& [activation, networks] : *trained) {
      const std::string end = absl::StrCat(".", activation, ".depth_", depth);
      findings.measurements.Add("accuracy" + end, Mean(FinalAccuracies(*networks)));
      findings.measurements.Add("margin" + end, Margin(FinalAccuracies(*networks)));
      training.series.push_back(AccuracySeries(activation, *networks, /*range=*/true));
    }
    AddDifference("loss", absl::StrCat(".depth_", depth), FinalAccuracies(*trained->at("swish")),
                  FinalAccuracies(*trained->at("hard_swish")), findings.measurements);
    figure.charts.push_back(std::move(training));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

// Of one depth: whether hard_swish loses at most kAlike, or more, as far as the seeds can tell; or neither.
enum class Loss { kSmall, kLarge, kUnclear };
constexpr double kAlike = 0.02;  // of accuracy, chosen: 7 of the 360 images
Loss LossOf(const Measurements& m, int depth) {
  const double loss = m[absl::StrCat("loss.depth_", depth)];
  const double margin = m[absl::StrCat("loss_margin.depth_", depth)];
  return loss + margin <= kAlike ? Loss::kSmall : loss - margin > kAlike ? Loss::kLarge : Loss::kUnclear;
}

std::string LossText(const Measurements& m, int depth) {
  const Loss loss = LossOf(m, depth);
  return absl::StrCat(" At depth ", depth, " that is a loss of ", PointsText(m[absl::StrCat("loss.depth_", depth)]),
                      " (+- ", PointsText(m[absl::StrCat("loss_margin.depth_", depth)]), " of chance), ",
                      loss == Loss::kSmall   ? "not more than "
                      : loss == Loss::kLarge ? "more than "
                                             : "of which so few seeds do not tell whether it is more than ",
                      PointsText(kAlike), ".");
}

Conclusion Judge(const Measurements& m) {
  constexpr double kCorner = 3;  // where hard_swish has corners, and -3
  const double distance = m["largest_distance"];
  const double at = m["largest_distance_at"];
  size_t small = 0;
  size_t large = 0;
  std::vector<std::string> parts;
  std::string losses;
  for (const int depth : kDepths) {
    const auto accuracy = [&](const char* activation) {
      return PercentText(m[absl::StrCat("accuracy.", activation, ".depth_", depth)]);
    };
    small += LossOf(m, depth) == Loss::kSmall ? 1 : 0;
    large += LossOf(m, depth) == Loss::kLarge ? 1 : 0;
    parts.push_back(
        absl::StrCat(accuracy("hard_swish"), " with hard_swish, ", accuracy("swish"), " with swish at depth ", depth));
    losses += LossText(m, depth);
  }
  const size_t all = std::size(kDepths);
  const bool near = distance < m["largest_distance_of_relu"];
  Conclusion conclusion;
  conclusion.verdict = small == all   ? (near ? Verdict::kConfirmed : Verdict::kCorrected)
                       : large == all ? Verdict::kRefuted
                                      : Verdict::kDepends;
  conclusion.because =
      absl::StrCat("at most ", NumberText(distance), " apart; networks reach ", absl::StrJoin(parts, "; "));
  conclusion.text = absl::StrCat(
      "The two are nowhere further apart than ", NumberText(distance), ", at x = ", NumberText(at),
      std::abs(std::abs(at) - kCorner) < 0.01 ? ", where the hard one has a corner, and " : ", and ",
      NumberText(m["mean_distance_from_-6_to_6"]), " in the mean from -6 to 6; relu is up to ",
      NumberText(m["largest_distance_of_relu"]), " from swish. Networks that begin with the same weights reach ",
      absl::StrJoin(parts, " and "), ".", losses);
  return conclusion;
}

}  // namespace

const Statement& HardSwishApproximates() {
  static constexpr Statement kStatement = {
      "hard_swish_approximates", "Hard swish approximates swish.",
      "The distance at a million places from -20 to 20, in f32, and what networks of both reach, trained as for "
      "relu_trains_better, compared seed by seed. It is near if it is nowhere as far from swish as relu is. Confirmed "
      "if it is and hard_swish loses at most 2 points of accuracy at depth 4 and 16, with the margin of chance (95 %) "
      "added; corrected if it loses no more though the functions are further apart; refuted if it loses more at both "
      "depths, with that margin taken off; depends otherwise.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
