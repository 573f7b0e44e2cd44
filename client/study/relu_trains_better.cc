// SPDX-License-Identifier: Apache-2.0
// Networks of relu and of sigmoid, trained alike. Tested by study_statements_test.cc.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr int kDepths[] = {4, 16};
constexpr const char* kActivations[] = {"sigmoid", "tanh", "relu", "swish", "hard_swish", "gelu_erf"};

// Who has less has not learned the digits; a linear classifier has 94 % or so.
constexpr double kTrained = 0.9;

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  Figure figure = {
      "Accuracy on the images that are held out, by epoch, in percent: the mean of the seeds and, of relu and sigmoid, "
      "their range.",
      {}};
  for (const int depth : kDepths) {
    const TrainingPlan plan = lab.PlanOf(static_cast<size_t>(depth));
    const auto trained = lab.Trained(plan.depth, {std::begin(kActivations), std::end(kActivations)});
    if (!trained.ok()) return trained.status();
    Chart chart = {absl::StrCat("depth ", depth), EpochAxis(), {"%"}, {}};
    for (const auto& [activation, networks] : *trained) {
      const std::string end = absl::StrCat(".", activation, ".depth_", depth);
      const std::vector<double> accuracies = FinalAccuracies(*networks);
      const auto good = std::count_if(accuracies.begin(), accuracies.end(), [](double one) { return one >= kTrained; });
      findings.measurements.Add("accuracy" + end, Mean(accuracies));
      findings.measurements.Add("margin" + end, Margin(accuracies));
      findings.measurements.Add("worst" + end, Least(accuracies));
      findings.measurements.Add("best" + end, Greatest(accuracies));
      findings.measurements.Add("trained_seeds" + end, static_cast<double>(good));
      findings.measurements.Add("seeds" + end, static_cast<double>(accuracies.size()));
      const double rate = networks->front().rate;
      findings.measurements.Add("learning_rate" + end, rate);
      findings.measurements.Add("rate_at_end" + end, rate == plan.rates.front() || rate == plan.rates.back() ? 1 : 0);
      chart.series.push_back(AccuracySeries(activation, *networks, activation == "relu" || activation == "sigmoid"));
    }
    AddDifference("gain", absl::StrCat(".depth_", depth), FinalAccuracies(*trained->at("relu")),
                  FinalAccuracies(*trained->at("sigmoid")), findings.measurements);
    figure.charts.push_back(std::move(chart));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

// What there is about one depth.
struct Comparison {
  bool better;      // beyond chance
  bool not_better;  // worse or the same, or by less than would count
  bool stable;      // not less so than sigmoid
};

constexpr double kLeast = 2.0 / 360;  // two of the images that are held out

Comparison Compare(const Measurements& m, int depth) {
  const auto of = [&](const char* what, const char* activation) {
    return m[absl::StrCat(what, ".", activation, ".depth_", depth)];
  };
  const double gain = m[absl::StrCat("gain.depth_", depth)];
  const double margin = m[absl::StrCat("gain_margin.depth_", depth)];
  const double relu_range = of("best", "relu") - of("worst", "relu");
  const double sigmoid_range = of("best", "sigmoid") - of("worst", "sigmoid");
  // Who never learns does so stably: what counts first is how many seeds learn, and only then how far they scatter.
  const double more = of("trained_seeds", "relu") - of("trained_seeds", "sigmoid");
  const bool stable = more > 0 || (more == 0 && relu_range <= sigmoid_range + kLeast);
  return {gain > std::max(kLeast, margin), gain <= 0 || gain + margin < kLeast, stable};
}

// What the text says of a depth.
std::string DepthText(const Measurements& m, int depth) {
  const auto accuracy = [&](const char* activation) {
    return PercentText(m[absl::StrCat("accuracy.", activation, ".depth_", depth)]);
  };
  const auto seeds = [&](const char* activation) {
    const std::string end = absl::StrCat(".", activation, ".depth_", depth);
    return absl::StrCat(NumberText(m["trained_seeds" + end]), " of ", NumberText(m["seeds" + end]));
  };
  const auto range = [&](const char* activation) {
    const std::string end = absl::StrCat(".", activation, ".depth_", depth);
    return absl::StrCat(PercentText(m["worst" + end]), " to ", PercentText(m["best" + end]));
  };
  const Comparison comparison = Compare(m, depth);
  return absl::StrCat("At depth ", depth, " relu reaches ", accuracy("relu"), " (", range("relu"), "), sigmoid ",
                      accuracy("sigmoid"), " (", range("sigmoid"), "), ",
                      comparison.better       ? "a difference beyond chance"
                      : comparison.not_better ? "no gain"
                                              : "which so few seeds leave undecided",
                      "; ", seeds("relu"), " and ", seeds("sigmoid"), " seeds learn the digits, and swish has ",
                      accuracy("swish"), ", tanh ", accuracy("tanh"), ".");
}

// Which networks were trained with the least or the greatest of the rates: another might suit them better.
std::string RatesText(const Measurements& m) {
  std::vector<std::string> at_end;
  for (const int depth : kDepths) {
    for (const char* activation : kActivations) {
      const std::string end = absl::StrCat(".", activation, ".depth_", depth);
      if (m["rate_at_end" + end] != 1) continue;
      at_end.push_back(absl::StrCat(activation, " at depth ", depth, " (", NumberText(m["learning_rate" + end]), ")"));
    }
  }
  if (at_end.empty()) return "";
  return absl::StrCat(" The least or the greatest of the rates that were tried was chosen for ",
                      absl::StrJoin(at_end, ", "), ": rates beyond might suit better there.");
}

Conclusion Judge(const Measurements& m) {
  size_t better = 0;
  size_t not_better = 0;
  size_t stable = 0;
  std::vector<std::string> numbers;
  std::vector<std::string> sentences;
  for (const int depth : kDepths) {
    const Comparison comparison = Compare(m, depth);
    better += comparison.better ? 1 : 0;
    not_better += comparison.not_better ? 1 : 0;
    stable += comparison.stable ? 1 : 0;
    const std::string end = absl::StrCat(".depth_", depth);
    numbers.push_back(absl::StrCat("depth ", depth, ": relu ", PercentText(m["accuracy.relu" + end]), ", sigmoid ",
                                   PercentText(m["accuracy.sigmoid" + end]), ", a gain of ",
                                   PointsText(m["gain" + end]), " (+- ", PointsText(m["gain_margin" + end]), ")"));
    sentences.push_back(DepthText(m, depth));
  }
  Conclusion conclusion;
  const size_t all = std::size(kDepths);
  conclusion.verdict = better == all && stable == all ? Verdict::kConfirmed
                       : better == all                ? Verdict::kCorrected
                       : not_better == all            ? Verdict::kRefuted
                                                      : Verdict::kDepends;
  conclusion.because = absl::StrCat("held-out accuracy, ", absl::StrJoin(numbers, "; "));
  conclusion.text = absl::StrCat(absl::StrJoin(sentences, " "), RatesText(m));
  return conclusion;
}

}  // namespace

const Statement& ReluTrainsBetter() {
  static constexpr Statement kStatement = {
      "relu_trains_better", "Networks of ReLU train better and more stably than networks of sigmoid.",
      "The digits again, four of five images to learn from: 40 epochs of gradient descent with momentum 0.9 in batches "
      "of 64, 5 seeds, for each activation and depth with that of 7 learning rates from 0.001 to 1 that had the least "
      "loss in a trial of 20 epochs; the best two were tried again with another seed, and the sum decided. Better is a "
      "mean accuracy on the held-out images that is higher, seed by seed, by more than chance (95 %) and by two of the "
      "360 images; stably means that no fewer seeds get over 90 %, and where as many do, that they scatter no more. "
      "Confirmed if relu is both at depth 4 and 16, corrected if only better; refuted if at both it is no better, or "
      "with the margin of chance added by less than two images; depends otherwise.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
