// SPDX-License-Identifier: Apache-2.0
// The gradient by layer in networks of sigmoid and of others. Tested by study_statements_test.cc.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr const char* kActivations[] = {"sigmoid", "tanh", "relu", "swish", "hard_swish", "gelu_erf"};
constexpr int kDepths[] = {4, 8, 16, 32};
constexpr int kQuickDepths[] = {4, 16};
constexpr int kTrainedDepths[] = {4, 16};

// By layer, from the first.
using Norms = std::vector<double>;

double RootMeanSquare(const Eigen::MatrixXf& matrix) {
  return std::sqrt(matrix.cast<double>().squaredNorm() / static_cast<double>(matrix.size()));
}

// The gradients of the hidden layers' weights at the first images, before any training: of each activation the median
// over the seeds.
absl::StatusOr<std::vector<Norms>> MeasureNorms(Lab& lab, size_t depth) {
  constexpr Eigen::Index kImages = 256;
  const TrainingPlan plan = lab.PlanOf(depth);
  const Images& train = lab.digits().train;
  std::vector<Network> networks;
  for (const char* activation : kActivations) {
    for (int i = 0; i < plan.seeds; ++i) {
      networks.emplace_back(activation, depth, plan.width, RandomStream(plan.seed, static_cast<uint64_t>(i)));
    }
  }
  std::vector<Pass> passes;
  passes.reserve(networks.size());
  for (const Network& network : networks) passes.push_back({&network, train.pixels.leftCols(kImages)});
  const std::vector<std::vector<uint8_t>> labels(
      passes.size(), std::vector<uint8_t>(train.labels.begin(), train.labels.begin() + kImages));
  const Apply apply = [&](absl::Span<const Application> all) { return lab.ApplyAll(all); };
  absl::Status status = Forward(apply, absl::MakeSpan(passes));
  if (status.ok()) status = Backward(apply, absl::MakeSpan(passes), labels);
  if (!status.ok()) return status;
  std::vector<Norms> norms(std::size(kActivations), Norms(depth));
  for (size_t i = 0; i < norms.size(); ++i) {
    for (size_t layer = 0; layer < depth; ++layer) {
      std::vector<double> of_seeds;
      for (size_t seed = 0; seed < static_cast<size_t>(plan.seeds); ++seed) {
        of_seeds.push_back(RootMeanSquare(passes[i * static_cast<size_t>(plan.seeds) + seed].gradients[layer].weights));
      }
      norms[i][layer] = Median(of_seeds);
    }
  }
  return norms;
}

Chart NormsChart(int depth, const std::vector<Norms>& norms) {
  Chart chart = {absl::StrCat("depth ", depth), LayerAxis(), {"", /*logarithmic=*/true}, {}};
  for (size_t i = 0; i < norms.size(); ++i) {
    Series series = {kActivations[i], ColorOf(kActivations[i]), {}};
    for (size_t layer = 0; layer < norms[i].size(); ++layer) {
      series.points.push_back({static_cast<double>(layer + 1), norms[i][layer]});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

// By how much training changes the weights of the first layer, as a part of what they were: the median of the seeds.
absl::Status AddChanges(Lab& lab, int depth, Measurements& measurements) {
  const TrainingPlan plan = lab.PlanOf(static_cast<size_t>(depth));
  const auto trained = lab.Trained(plan.depth, {"sigmoid", "relu"});
  if (!trained.ok()) return trained.status();
  for (const auto& [activation, networks] : *trained) {
    std::vector<double> changes;
    for (size_t i = 0; i < networks->size(); ++i) {
      const Network initial(activation, plan.depth, plan.width, RandomStream(plan.seed, i));
      const Eigen::MatrixXf& before = initial.layers.front().weights;
      const Eigen::MatrixXf& after = (*networks)[i].network.layers.front().weights;
      changes.push_back(RootMeanSquare(after - before) / RootMeanSquare(before));
    }
    const std::string end = absl::StrCat(".", activation, ".depth_", depth);
    measurements.Add("first_layer_change" + end, Median(changes));
    measurements.Add("accuracy" + end, Mean(FinalAccuracies(*networks)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  Figure figure = {
      "The root mean square of the loss's derivative by the weights of each hidden layer, before training: the median "
      "of the seeds.",
      {}};
  const auto depths = lab.quick() ? absl::MakeConstSpan(kQuickDepths) : absl::MakeConstSpan(kDepths);
  double done = 0;
  for (const int depth : depths) {
    lab.Progress(absl::StrCat("gradients at depth ", depth), done++ / static_cast<double>(depths.size()));
    const absl::StatusOr<std::vector<Norms>> norms = MeasureNorms(lab, static_cast<size_t>(depth));
    if (!norms.ok()) return norms.status();
    for (size_t i = 0; i < norms->size(); ++i) {
      findings.measurements.Add(absl::StrCat("first_to_last.", kActivations[i], ".depth_", depth),
                                (*norms)[i].front() / (*norms)[i].back());
    }
    figure.charts.push_back(NormsChart(depth, *norms));
  }
  for (const int depth : kTrainedDepths) {
    if (absl::Status added = AddChanges(lab, depth, findings.measurements); !added.ok()) return added;
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  // With 8 significant bits, those of bf16, less than that is nothing beside a weight.
  constexpr double kStalled = 0x1p-8;
  std::vector<std::string> changes;
  std::vector<std::string> relus;
  size_t stalled = 0;
  for (const int depth : kTrainedDepths) {
    const auto change = [&](const char* activation) {
      return m[absl::StrCat("first_layer_change.", activation, ".depth_", depth)];
    };
    stalled += change("sigmoid") < kStalled ? 1 : 0;
    changes.push_back(absl::StrCat(NumberText(change("sigmoid")), " of their size at depth ", depth));
    relus.push_back(absl::StrCat(NumberText(change("relu")), " at depth ", depth));
  }
  std::vector<std::string> ratios;
  for (const int depth : kDepths) {
    const std::string end = absl::StrCat(".depth_", depth);
    if (!m.Has("first_to_last.sigmoid" + end)) continue;
    ratios.push_back(absl::StrCat(NumberText(m["first_to_last.sigmoid" + end]), " at depth ", depth,
                                  " (relu: ", NumberText(m["first_to_last.relu" + end]), ")"));
  }
  Conclusion conclusion;
  conclusion.verdict = stalled == std::size(kTrainedDepths) ? Verdict::kConfirmed
                       : stalled > 0                        ? Verdict::kDepends
                                                            : Verdict::kRefuted;
  conclusion.because =
      absl::StrCat("training changes the weights of sigmoid's first layer by ", absl::StrJoin(changes, ", by "));
  conclusion.text = absl::StrCat(
      "Before training the first hidden layer gets this part of the gradient that the last one gets: ",
      absl::StrJoin(ratios, ", "), ". Gradient descent with momentum then changes the first layer's weights by ",
      absl::StrJoin(changes, " and by "), "; with relu by ", absl::StrJoin(relus, " and by "),
      ". Networks of sigmoid end with ", PercentText(m["accuracy.sigmoid.depth_4"]),
      " of the held-out digits at depth 4 and ", PercentText(m["accuracy.sigmoid.depth_16"]),
      " at depth 16, where guessing has about 10 %; those of relu with ", PercentText(m["accuracy.relu.depth_4"]),
      " and ", PercentText(m["accuracy.relu.depth_16"]), ".");
  return conclusion;
}

}  // namespace

const Statement& ShallowLayersStall() {
  static constexpr Statement kStatement = {
      "shallow_layers_stall",
      "With sigmoid the layers near the input of a deep network cannot be updated, as their gradient has vanished.",
      "Networks for 8 x 8 images of digits, with 4 to 32 hidden layers of 32 units, standard initial weights (Glorot's "
      "for sigmoid and tanh, He's for the others) and 5 seeds; the loss's gradient by the weights of each layer at 256 "
      "images. Networks of 4 and 16 are also trained, as for relu_trains_better, to see how far the first layer gets. "
      "It "
      "counts as stalled where training changes its weights by less than 2^-8 of their size, root mean squares, median "
      "of the seeds. Confirmed if sigmoid's is stalled at both depths, refuted if at none, depends otherwise.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
