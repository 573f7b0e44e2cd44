// SPDX-License-Identifier: Apache-2.0
#include "client/study/printed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/curves.h"

namespace actbench::client {
namespace {

constexpr double kEnd = 10;  // of the part that the distance is given for: beyond, some grow without bound

// Values at both ends, and the range on the way.
absl::Status AddShape(Lab& lab, const std::string& activation, Measurements& measurements) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kFar = 100;
  const absl::StatusOr<std::vector<double>> ends =
      lab.Values({activation}, Dtype::kF32, {-kInfinity, -kFar, kFar, kInfinity});
  if (!ends.ok()) return ends.status();
  const absl::StatusOr<std::vector<double>> values =
      lab.Values({activation}, Dtype::kF32, Spaced(-kEnd, kEnd, 100'001));
  if (!values.ok()) return values.status();
  const char* const names[] = {"at_-infinity.", "at_-100.", "at_100.", "at_infinity."};
  for (size_t i = 0; i < ends->size(); ++i) measurements.Add(names[i] + activation, (*ends)[i]);
  measurements.Add("least_from_-10_to_10." + activation, Least(*values));
  measurements.Add("greatest_from_-10_to_10." + activation, Greatest(*values));
  return absl::OkStatus();
}

absl::StatusOr<Chart> TrainBoth(Lab& lab, const Printed& printed, int depth, Measurements& measurements) {
  const auto trained = lab.Trained(static_cast<size_t>(depth), {printed.standard, printed.printed});
  if (!trained.ok()) return trained.status();
  Chart chart = {absl::StrCat("trained, depth ", depth), EpochAxis(), {"%"}, {}};
  for (const auto& [activation, networks] : *trained) {
    const std::vector<double> accuracies = FinalAccuracies(*networks);
    const std::string end = absl::StrCat(".", activation, ".depth_", depth);
    measurements.Add("accuracy" + end, Mean(accuracies));
    const auto lost = std::count_if(networks->begin(), networks->end(),
                                    [](const TrainedNetwork& network) { return !std::isfinite(network.loss.back()); });
    measurements.Add("overflowed_seeds" + end, static_cast<double>(lost));
    measurements.Add("worst" + end, Least(accuracies));
    measurements.Add("best" + end, Greatest(accuracies));
    chart.series.push_back(AccuracySeries(activation, *networks, /*range=*/true));
  }
  return chart;
}

}  // namespace

absl::StatusOr<Findings> MeasurePrinted(Lab& lab, const Printed& printed) {
  Findings findings;
  std::vector<Curve> curves;
  for (const char* activation : {printed.smooth, printed.standard, printed.printed}) {
    curves.push_back({activation, {activation}, ColorOf(activation)});
    if (absl::Status added = AddShape(lab, activation, findings.measurements); !added.ok()) return added;
  }
  for (const char* activation : {printed.standard, printed.printed}) {
    const absl::StatusOr<Distance> distance = DistanceOf(lab, {printed.smooth}, {activation}, -kEnd, kEnd);
    if (!distance.ok()) return distance.status();
    findings.measurements.Add(absl::StrCat("largest_distance.", activation), distance->largest);
    findings.measurements.Add(absl::StrCat("largest_distance_at.", activation), distance->at);
    findings.measurements.Add(absl::StrCat("mean_distance.", activation), distance->mean);
  }
  absl::StatusOr<Chart> chart = CurvesChart(lab, "the functions", curves, -kEnd, kEnd);
  if (!chart.ok()) return chart.status();
  Figure figure = {"The functions; accuracy on held-out images, in percent, by epoch, mean and range of the seeds.",
                   {*std::move(chart)}};
  for (const int depth : printed.depths) {
    absl::StatusOr<Chart> training = TrainBoth(lab, printed, depth, findings.measurements);
    if (!training.ok()) return training.status();
    figure.charts.push_back(*std::move(training));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

Conclusion JudgePrinted(const Measurements& m, const Printed& printed) {
  const auto of = [&](const char* what, const char* activation) { return m[absl::StrCat(what, ".", activation)]; };
  const bool standard_near = of("largest_distance", printed.standard) <= printed.near;
  const bool printed_near = of("largest_distance", printed.printed) <= printed.near;
  std::vector<std::string> accuracies;
  double overflowed = 0;  // of the networks of the printed formula
  for (const int depth : printed.depths) {
    const std::string end = absl::StrCat(".depth_", depth);
    const double lost = m[absl::StrCat("overflowed_seeds.", printed.printed, end)];
    overflowed += lost > 0 ? lost : 0;
    accuracies.push_back(absl::StrCat(PercentText(m[absl::StrCat("accuracy.", printed.printed, end)]), " against ",
                                      PercentText(m[absl::StrCat("accuracy.", printed.standard, end)]), " at depth ",
                                      depth));
  }
  Conclusion conclusion;
  conclusion.verdict = printed_near ? Verdict::kConfirmed : standard_near ? Verdict::kCorrected : Verdict::kRefuted;
  conclusion.because = absl::StrCat("up to ", NumberText(of("largest_distance", printed.printed)), " from ",
                                    printed.smooth, " from -10 to 10, where the standard formula has at most ",
                                    NumberText(of("largest_distance", printed.standard)),
                                    "; networks: ", absl::StrJoin(accuracies, ", "));
  conclusion.text = absl::StrCat(
      "From -10 to 10 the printed formula runs from ", NumberText(of("least_from_-10_to_10", printed.printed)), " to ",
      NumberText(of("greatest_from_-10_to_10", printed.printed)), ", ", printed.smooth, " from ",
      NumberText(of("least_from_-10_to_10", printed.smooth)), " to ",
      NumberText(of("greatest_from_-10_to_10", printed.smooth)), ": they are up to ",
      NumberText(of("largest_distance", printed.printed)),
      " apart, at x = ", NumberText(of("largest_distance_at", printed.printed)), ", where the standard formula, ",
      printed.formula, ", keeps within ", NumberText(of("largest_distance", printed.standard)),
      ". At -100 the printed one is ", NumberText(of("at_-100", printed.printed)), " and at 100 ",
      NumberText(of("at_100", printed.printed)), "; ", printed.smooth, " is ",
      NumberText(of("at_-100", printed.smooth)), " and ", NumberText(of("at_100", printed.smooth)),
      ". What that costs a network that is trained with it: ", absl::StrJoin(accuracies, " and "),
      overflowed > 0 ? absl::StrCat("; ", NumberText(overflowed), " of its networks overflowed.") : ".");
  return conclusion;
}

}  // namespace actbench::client
