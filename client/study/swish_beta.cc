// SPDX-License-Identifier: Apache-2.0
// Swish between its limits. Tested by study_statements_test.cc.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr double kBetas[] = {0, 0.1, 0.25, 0.5, 1, 2, 5, 10};
constexpr double kEnd = 20;

Function Swish(double beta) { return {"swish", v1::DIRECTION_FORWARD, {{"beta", beta}}}; }

std::string BetaText(double beta) { return absl::StrCat("beta_", beta); }

// Of swish from x / 2, which the catalog does not have.
absl::StatusOr<double> DistanceFromHalf(Lab& lab, double beta) {
  const std::vector<double> x = Spaced(-kEnd, kEnd, 100'001);
  const absl::StatusOr<std::vector<double>> y = lab.Values(Swish(beta), Dtype::kF64, x);
  if (!y.ok()) return y.status();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs((*y)[i] - x[i] / 2));
  return largest;
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  Series distances = {"swish from relu", ColorOf("swish"), {}, false, /*marked=*/true};
  for (const double beta : kBetas) {
    const absl::StatusOr<double> from_half = DistanceFromHalf(lab, beta);
    if (!from_half.ok()) return from_half.status();
    const absl::StatusOr<Distance> from_relu = DistanceOf(lab, Swish(beta), {"relu"}, -kEnd, kEnd);
    if (!from_relu.ok()) return from_relu.status();
    findings.measurements.Add("from_half_x." + BetaText(beta), *from_half);
    findings.measurements.Add("from_relu." + BetaText(beta), from_relu->largest);
    findings.measurements.Add("from_relu_times_beta." + BetaText(beta), beta * from_relu->largest);
    if (beta > 0) distances.points.push_back({beta, from_relu->largest});
  }
  std::vector<Curve> curves;
  size_t color = 1;
  for (const double beta : {0.0, 0.5, 1.0, 2.0, 10.0}) {
    curves.push_back({absl::StrCat("beta ", beta), Swish(beta), color++});
  }
  curves.push_back({"relu", {"relu"}, ColorOf("relu"), /*dashed=*/true});
  absl::StatusOr<Chart> chart = CurvesChart(lab, "swish(x), beta from 0 to 10", curves, -5, 3);
  if (!chart.ok()) return chart.status();
  Chart falling = {"largest distance from relu", {"beta", true}, {"", true}, {distances}};
  findings.figures.push_back({"Swish from x / 2 to nearly relu; how far it is from relu, both axes logarithmic.",
                              {*std::move(chart), std::move(falling)}});
  return findings;
}

Conclusion Judge(const Measurements& m) {
  constexpr double kExact = 1e-12;  // of values up to 10 in f64
  // From where on the product of beta and the distance has to stay the same: there all of the bend is within the range
  // that is looked at.
  constexpr double kFrom = 1;
  constexpr double kSame = 0.01;
  const bool begins = m["from_half_x.beta_0"] <= kExact;
  double least = INFINITY;
  double greatest = 0;
  bool falls = true;
  double before = INFINITY;
  for (const double beta : kBetas) {
    const double distance = m["from_relu." + BetaText(beta)];
    falls = falls && distance < before;
    before = distance;
    if (beta < kFrom) continue;
    least = std::min(least, beta * distance);
    greatest = std::max(greatest, beta * distance);
  }
  const bool ends = falls && greatest <= (1 + kSame) * least;
  Conclusion conclusion;
  conclusion.verdict = begins && ends  ? Verdict::kConfirmed
                       : begins        ? (falls ? Verdict::kCorrected : Verdict::kDepends)
                       : ends || falls ? Verdict::kDepends
                                       : Verdict::kRefuted;
  const std::string product = NumberText(m["from_relu_times_beta.beta_10"]);
  conclusion.because =
      absl::StrCat(NumberText(m["from_half_x.beta_0"]), " from x/2 at beta 0, ", NumberText(m["from_relu.beta_10"]),
                   " from relu at beta 10", ends ? absl::StrCat(", falling as ", product, " / beta") : "");
  conclusion.text =
      absl::StrCat("At beta = 0 swish differs from x / 2 by ", NumberText(m["from_half_x.beta_0"]),
                   ". Its largest distance from relu ", falls ? "falls with beta" : "does not always fall with beta",
                   ": ", NumberText(m["from_relu.beta_1"]), " at 1, ", NumberText(m["from_relu.beta_2"]), " at 2, ",
                   NumberText(m["from_relu.beta_5"]), " at 5 and ", NumberText(m["from_relu.beta_10"]), " at 10",
                   ends ? absl::StrCat(". At all of these from 1 on it is ", product, " / beta, to a hundredth.")
                        : ", which is not a constant / beta.");
  return conclusion;
}

}  // namespace

const Statement& SwishBeta() {
  static constexpr Statement kStatement = {
      "swish_beta", "Swish with a parameter beta lies between two limits: x / 2 at beta = 0, and relu as beta grows.",
      "Swish with beta from 0 to 10 at places from -20 to 20: the largest distance from x / 2, in f64, and from relu, "
      "in f32. Confirmed if it is x / 2 at beta = 0 (to 1e-12) and if from beta = 1 on the distance from relu falls as "
      "1 / beta, to a hundredth, so that it has no other limit.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
