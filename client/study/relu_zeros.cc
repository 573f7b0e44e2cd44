// SPDX-License-Identifier: Apache-2.0
// Which units relu switches off, and whether that is what dropout does. Tested by study_statements_test.cc.
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr int kDepths[] = {4, 16};

// What is seen of some networks of one depth, means over them.
struct Zeros {
  std::vector<double> share;  // by layer, of the units that give 0 at an image
  double never = 0;           // of the units that give 0 at every image
  // Of the units: how many are 0 at one of two images and not at the other, images of the same digit and of two.
  double same_digit = 0;
  double other_digit = 0;
};

// Adds one network's share of the mean.
void AddMasks(const Pass& pass, const std::vector<uint8_t>& labels, double weight, Zeros& zeros) {
  const auto images = static_cast<Eigen::Index>(labels.size());
  const size_t depth = pass.after.size();
  zeros.share.resize(depth);
  double same_pairs = 0;
  double other_pairs = 0;
  double same = 0;
  double other = 0;
  for (size_t layer = 0; layer < depth; ++layer) {
    const Eigen::ArrayXXf mask = (pass.after[layer].array() == 0.0f).cast<float>();
    const auto units = static_cast<double>(mask.rows());
    zeros.share[layer] += weight * static_cast<double>(mask.mean());
    zeros.never +=
        weight * static_cast<double>((mask.rowwise().minCoeff() == 1.0f).count()) / units / static_cast<double>(depth);
    for (Eigen::Index i = 0; i < images; ++i) {
      for (Eigen::Index j = i + 1; j < images; ++j) {
        const double differ = static_cast<double>((mask.col(i) - mask.col(j)).abs().sum()) / units;
        const bool alike = labels[static_cast<size_t>(i)] == labels[static_cast<size_t>(j)];
        (alike ? same : other) += differ;
        (alike ? same_pairs : other_pairs) += 1;
      }
    }
  }
  zeros.same_digit += weight * same / same_pairs;
  zeros.other_digit += weight * other / other_pairs;
}

absl::StatusOr<Zeros> LookAt(Lab& lab, const std::vector<const Network*>& networks) {
  const Images& images = lab.digits().held_out;
  std::vector<Pass> passes;
  passes.reserve(networks.size());
  for (const Network* network : networks) passes.push_back({network, images.pixels});
  const Apply apply = [&](absl::Span<const Application> all) { return lab.ApplyAll(all); };
  if (absl::Status status = Forward(apply, absl::MakeSpan(passes)); !status.ok()) return status;
  Zeros zeros;
  for (const Pass& pass : passes) AddMasks(pass, images.labels, 1 / static_cast<double>(passes.size()), zeros);
  return zeros;
}

Series ShareSeries(const std::string& name, size_t color, bool dashed, const Zeros& zeros) {
  Series series = {name, color, {}, dashed, /*marked=*/true};
  for (size_t layer = 0; layer < zeros.share.size(); ++layer) {
    series.points.push_back({static_cast<double>(layer + 1), 100 * zeros.share[layer]});
  }
  return series;
}

// Of each network the gap between images that it was trained with and others.
std::vector<double> GapsOf(const Lab::Networks& networks) {
  std::vector<double> gaps;
  for (const TrainedNetwork& one : networks) gaps.push_back(one.train_accuracy - one.held_out.back());
  return gaps;
}

absl::StatusOr<Chart> MeasureDepth(Lab& lab, int depth, Measurements& measurements) {
  const auto trained = lab.Trained(static_cast<size_t>(depth), {"relu", "tanh", "swish"});
  if (!trained.ok()) return trained.status();
  const std::string end = absl::StrCat(".depth_", depth);
  for (const auto& [activation, networks] : *trained) {
    measurements.Add(absl::StrCat("gap.", activation, end), Mean(GapsOf(*networks)));
  }
  AddDifference("gap_narrower", end, GapsOf(*trained->at("tanh")), GapsOf(*trained->at("relu")), measurements);
  const TrainingPlan plan = lab.PlanOf(static_cast<size_t>(depth));
  std::vector<Network> fresh;
  std::vector<const Network*> after;
  for (const TrainedNetwork& one : *trained->at("relu")) after.push_back(&one.network);
  for (size_t i = 0; i < after.size(); ++i) {
    fresh.emplace_back("relu", static_cast<size_t>(depth), plan.width, RandomStream(plan.seed, i));
  }
  std::vector<const Network*> before;
  before.reserve(fresh.size());
  for (const Network& network : fresh) before.push_back(&network);
  const absl::StatusOr<Zeros> untrained = LookAt(lab, before);
  if (!untrained.ok()) return untrained.status();
  const absl::StatusOr<Zeros> zeros = LookAt(lab, after);
  if (!zeros.ok()) return zeros.status();
  measurements.Add("zeros_untrained" + end, Mean(untrained->share));
  measurements.Add("zeros" + end, Mean(zeros->share));
  measurements.Add("zeros_least_layer" + end, Least(zeros->share));
  measurements.Add("zeros_greatest_layer" + end, Greatest(zeros->share));
  measurements.Add("never_on" + end, zeros->never);
  measurements.Add("differ_same_digit" + end, zeros->same_digit);
  measurements.Add("differ_other_digit" + end, zeros->other_digit);
  return Chart{absl::StrCat("depth ", depth),
               LayerAxis(),
               {"%", false, {}, 0, 100},
               {ShareSeries("before training", 7, true, *untrained), ShareSeries("trained", 0, false, *zeros)}};
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  Figure figure = {"The share of relu's outputs that are 0, by layer: held-out images, mean of the seeds.", {}};
  for (const int depth : kDepths) {
    absl::StatusOr<Chart> chart = MeasureDepth(lab, depth, findings.measurements);
    if (!chart.ok()) return chart.status();
    figure.charts.push_back(*std::move(chart));
  }
  findings.figures.push_back(std::move(figure));
  return findings;
}

// What the verdict follows from, of one depth.
struct Likeness {
  bool sparse;       // dropout switches off a tenth to nine tenths of the units in practice
  bool independent;  // of the image, as dropout is: then images of a digit differ as much as others
  bool narrower;     // the gap than tanh's, by more than chance
};

Likeness LikenessOf(const Measurements& m, const std::string& end) {
  constexpr double kFewest = 0.1;
  constexpr double kMost = 0.9;
  constexpr double kIndependent = 0.9;
  return {m["zeros" + end] >= kFewest && m["zeros" + end] <= kMost,
          m["differ_same_digit" + end] / m["differ_other_digit" + end] >= kIndependent,
          m["gap_narrower" + end] > m["gap_narrower_margin" + end]};
}

std::string DepthText(const Measurements& m, int depth) {
  const std::string end = absl::StrCat(".depth_", depth);
  const double narrower = m["gap_narrower" + end];
  const bool clear = std::abs(narrower) > m["gap_narrower_margin" + end];
  return absl::StrCat(
      "At depth ", depth, " ", PercentText(m["zeros" + end]), " of the outputs are 0 (",
      PercentText(m["zeros_untrained" + end]), " before training), and ", PercentText(m["never_on" + end]),
      " of the units are 0 at every image. Two images of one digit switch ", PercentText(m["differ_same_digit" + end]),
      " of the units differently, two digits ", PercentText(m["differ_other_digit" + end]),
      ". Accuracy on the training images is higher than on others by ", PointsText(m["gap.relu" + end]),
      " with relu, and without zeros by ", PointsText(m["gap.tanh" + end]), " with tanh and ",
      PointsText(m["gap.swish" + end]), " with swish: relu's gap is ",
      !clear         ? "neither narrower nor wider than tanh's beyond chance"
      : narrower > 0 ? "narrower than tanh's"
                     : "wider than tanh's",
      ".");
}

// What all of it comes to.
std::string LikenessText(size_t independent, size_t all) {
  return independent == all ? " Dropout draws its zeros anew at each step, whatever the image is; relu's depend on the "
                              "image hardly more."
         : independent == 0 ? " Dropout draws its zeros anew at each step, whatever the image is; relu's follow from "
                              "the image, and tell what is in it."
                            : " Dropout draws its zeros anew at each step, whatever the image is; relu's follow from "
                              "the image at one depth and hardly at the other.";
}

Conclusion Judge(const Measurements& m) {
  size_t sparse = 0;
  size_t independent = 0;
  size_t narrower = 0;
  std::vector<std::string> shares;
  std::vector<std::string> switches;
  std::vector<std::string> sentences;
  for (const int depth : kDepths) {
    const std::string end = absl::StrCat(".depth_", depth);
    const Likeness likeness = LikenessOf(m, end);
    sparse += likeness.sparse ? 1 : 0;
    independent += likeness.independent ? 1 : 0;
    narrower += likeness.narrower ? 1 : 0;
    shares.push_back(absl::StrCat(PercentText(m["zeros" + end]), " at depth ", depth));
    switches.push_back(absl::StrCat(PercentText(m["differ_same_digit" + end]), " and ",
                                    PercentText(m["differ_other_digit" + end]), " at depth ", depth));
    sentences.push_back(DepthText(m, depth));
  }
  const size_t all = std::size(kDepths);
  Conclusion conclusion;
  conclusion.verdict = sparse < all                            ? (sparse == 0 ? Verdict::kRefuted : Verdict::kDepends)
                       : independent == all && narrower == all ? Verdict::kConfirmed
                       : independent + narrower > 0            ? Verdict::kDepends
                                                               : Verdict::kCorrected;
  conclusion.because = absl::StrCat(
      "zeros: ", absl::StrJoin(shares, ", "),
      "; units that two images of one digit and of two switch differently: ", absl::StrJoin(switches, ", "));
  conclusion.text = absl::StrCat(absl::StrJoin(sentences, " "), LikenessText(independent, all));
  return conclusion;
}

}  // namespace

const Statement& ReluZeros() {
  static constexpr Statement kStatement = {
      "relu_zeros", "ReLU's zeros make a network sparse and act like dropout.",
      "In trained networks of relu: the share of zeros by layer at the held-out images, and how many units are on at "
      "one of two images and off at the other, for pairs of the same digit and of different ones, for which dropout "
      "would have the same number. And the gap between the accuracy on images that were trained with and on others, "
      "which dropout is to narrow, beside activations without zeros. Confirmed if at depth 4 and 16 a tenth to nine "
      "tenths are zeros, images of one digit differ in at least 0.9 times as many units as others, and the gap is "
      "narrower than tanh's beyond chance (95 %); corrected if it is sparse so, but neither of the others at any "
      "depth: "
      "sparse alone; refuted if it is not even sparse; depends otherwise.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
