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

// Who has less has not learned the digits; a linear classifier has 94 % or so.
constexpr double kTrained = 0.9;

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  Figure figure = {
      "Accuracy on the images that are held out, by epoch, in percent: the mean of the seeds and, of relu and sigmoid, "
      "their range.",
      {}};
  for (const int depth : kDepths) {
    const auto trained =
        lab.Trained(static_cast<size_t>(depth), {"sigmoid", "tanh", "relu", "swish", "hard_swish", "gelu_erf"});
    if (!trained.ok()) return trained.status();
    Chart chart = {absl::StrCat("depth ", depth), EpochAxis(), {""}, {}};
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
      findings.measurements.Add("learning_rate" + end, networks->front().rate);
      chart.series.push_back(AccuracySeries(activation, *networks, activation == "relu" || activation == "sigmoid"));
    }
    figure.charts.push_back(std::move(chart));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

// What there is about one depth.
struct Comparison {
  double gain;  // of relu over sigmoid, in accuracy
  bool better;  // by more than chance
  bool stable;  // not less so than sigmoid
};

Comparison Compare(const Measurements& m, int depth) {
  const auto of = [&](const char* what, const char* activation) {
    return m[absl::StrCat(what, ".", activation, ".depth_", depth)];
  };
  // More than chance, and not less than two of the 360 images.
  constexpr double kLeast = 2.0 / 360;
  const double gain = of("accuracy", "relu") - of("accuracy", "sigmoid");
  const double chance = std::hypot(of("margin", "relu"), of("margin", "sigmoid"));
  const double relu_range = of("best", "relu") - of("worst", "relu");
  const double sigmoid_range = of("best", "sigmoid") - of("worst", "sigmoid");
  // Who never learns does so stably: what counts first is how many seeds learn, and only then how far they scatter.
  const double more = of("trained_seeds", "relu") - of("trained_seeds", "sigmoid");
  const bool stable = more > 0 || (more == 0 && relu_range <= sigmoid_range + kLeast);
  return {gain, gain > std::max(kLeast, chance), stable};
}

Conclusion Judge(const Measurements& m) {
  size_t better = 0;
  size_t stable = 0;
  std::vector<std::string> numbers;
  std::vector<std::string> sentences;
  for (const int depth : kDepths) {
    const Comparison comparison = Compare(m, depth);
    better += comparison.better ? 1 : 0;
    stable += comparison.stable ? 1 : 0;
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
    numbers.push_back(absl::StrCat("depth ", depth, ": ", accuracy("relu"), " against ", accuracy("sigmoid")));
    sentences.push_back(absl::StrCat("At depth ", depth, " relu reaches ", accuracy("relu"), " (", range("relu"),
                                     "), sigmoid ", accuracy("sigmoid"), " (", range("sigmoid"), "); ", seeds("relu"),
                                     " and ", seeds("sigmoid"), " seeds learn the digits, and swish has ",
                                     accuracy("swish"), ", tanh ", accuracy("tanh"), "."));
  }
  Conclusion conclusion;
  const size_t all = std::size(kDepths);
  conclusion.verdict = better == all && stable == all ? Verdict::kConfirmed
                       : better == all                ? Verdict::kCorrected
                       : better > 0                   ? Verdict::kDepends
                                                      : Verdict::kRefuted;
  conclusion.because = absl::StrCat("held-out accuracy, relu against sigmoid: ", absl::StrJoin(numbers, "; "));
  conclusion.text = absl::StrJoin(sentences, " ");
  return conclusion;
}

}  // namespace

const Statement& ReluTrainsBetter() {
  static constexpr Statement kStatement = {
      "relu_trains_better", "Networks of ReLU train better and more stably than networks of sigmoid.",
      "The digits again, four of five images to learn from: 40 epochs of gradient descent with momentum 0.9 in batches "
      "of 64, five seeds, for each activation and depth with that of five learning rates from 0.003 to 0.3 that suits "
      "it best in a trial of 20 epochs. Better means a mean accuracy on the held-out images that is higher beyond "
      "chance (95 %); stably means that no fewer seeds get over 90 %, and where as many do, that they scatter no more. "
      "Confirmed if relu is both at depth 4 and 16, corrected if only better, depends if better at one depth.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
