// SPDX-License-Identifier: Apache-2.0
// Networks of relu and relu6 whose activations are rounded to narrow formats. Tested by study_statements_test.cc.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study/averages.h"
#include "client/study/quantizer.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

constexpr size_t kDepth = 4;
constexpr const char* kActivations[] = {"relu", "relu6"};

// Outliers: one pixel of a hundred is ten times as far from the mean.
constexpr double kOutlierShare = 0.01;
constexpr float kOutlierFactor = 10;

// Whether images have outliers, and whether those have that the scales are taken from.
struct Condition {
  const char* name;
  const char* title;
  bool outliers;
  bool scales_see_outliers;
};
constexpr Condition kConditions[] = {{"clean", "images as they are", false, false},
                                     {"outliers", "images with outliers", true, false},
                                     {"outlier_scales", "outliers that the scales know", true, true}};

// That many comparisons are made, one for each format (quantizer.cc has seven).
static_assert(std::size(kConditions) * 7 == 21, "MarginOf21 is for another number");

Eigen::MatrixXf WithOutliers(Eigen::MatrixXf pixels, uint64_t seed) {
  constexpr uint64_t kStream = 1u << 30;  // apart from those of networks
  RandomStream random(seed, kStream);
  for (Eigen::Index i = 0; i < pixels.size(); ++i) {
    if (random.Fraction() < kOutlierShare) pixels.data()[i] *= kOutlierFactor;
  }
  return pixels;
}

// What all networks make of these images; `transform` has a function for each network, or is empty.
using Transform = std::function<void(size_t layer, Eigen::MatrixXf& values)>;
absl::StatusOr<std::vector<Pass>> Run(Lab& lab, const std::vector<const Network*>& networks,
                                      const Eigen::MatrixXf& pixels, const std::vector<Transform>& transforms) {
  std::vector<Pass> passes;
  for (size_t i = 0; i < networks.size(); ++i) {
    passes.push_back({networks[i], pixels, transforms.empty() ? nullptr : transforms[i]});
  }
  const Apply apply = [&](absl::Span<const Application> all) { return lab.ApplyAll(all); };
  if (absl::Status status = Forward(apply, absl::MakeSpan(passes)); !status.ok()) return status;
  return passes;
}

// By network, then by layer from the input's on: the greatest magnitude.
absl::StatusOr<std::vector<std::vector<float>>> Ranges(Lab& lab, const std::vector<const Network*>& networks,
                                                       const Eigen::MatrixXf& pixels) {
  std::vector<std::vector<float>> ranges(networks.size(), std::vector<float>(kDepth + 1));
  std::vector<Transform> transforms;
  transforms.reserve(ranges.size());
  for (std::vector<float>& range : ranges) {
    transforms.emplace_back(
        [&range](size_t layer, Eigen::MatrixXf& values) { range[layer] = values.cwiseAbs().maxCoeff(); });
  }
  const absl::StatusOr<std::vector<Pass>> passes = Run(lab, networks, pixels, transforms);
  if (!passes.ok()) return passes.status();
  return ranges;
}

Transform Rounding(const NarrowFormat& format, const std::vector<float>& ranges) {
  return [&format, &ranges](size_t layer, Eigen::MatrixXf& values) {
    if (layer == 0) return;  // the input, of which the statement says nothing
    const float scale = ScaleFor(format, ranges[layer]);
    values = values.unaryExpr([&](float value) { return Narrowed(format, scale, value); });
  };
}

// The signal of the logits to what rounding changes in them, in dB.
double SignalToNoise(const Pass& exact, const Pass& rounded) {
  const double noise = (exact.logits.cast<double>() - rounded.logits.cast<double>()).squaredNorm();
  return 10 * std::log10(exact.logits.cast<double>().squaredNorm() / noise);
}

// What is measured of one activation.
struct Subject {
  const char* activation;
  std::vector<const Network*> networks;                        // by seed
  std::array<std::vector<std::vector<float>>, 2> ranges = {};  // without and with outliers
};

// What the networks of one activation lose, by seed, and the points of its curve.
struct Losses {
  std::vector<std::vector<double>> of_formats;
  std::vector<std::vector<double>> accuracies_of_formats;
  Series accuracies;
  Series signals;
};

ChartPoint PointOf(double x, const std::vector<double>& values, double factor) {
  return {x, factor * Mean(values), factor * Least(values), factor * Greatest(values)};
}

absl::StatusOr<Losses> MeasureSubject(Lab& lab, const Subject& subject, const Condition& condition,
                                      Measurements& measurements) {
  const Images& held_out = lab.digits().held_out;
  const Eigen::MatrixXf pixels =
      condition.outliers ? WithOutliers(held_out.pixels, lab.options().seed + 1) : held_out.pixels;
  const absl::StatusOr<std::vector<Pass>> exact = Run(lab, subject.networks, pixels, {});
  if (!exact.ok()) return exact.status();
  const size_t color = ColorOf(subject.activation);
  Losses losses = {{}, {}, {subject.activation, color, {}, false, true}, {subject.activation, color, {}, false, true}};
  std::vector<double> full;
  for (const Pass& pass : *exact) full.push_back(Accuracy(pass.logits, held_out.labels));
  losses.accuracies.points.push_back(PointOf(0, full, 100));
  const std::string end = absl::StrCat(".", subject.activation, ".", condition.name);
  measurements.Add("accuracy.f32" + end, Mean(full));
  const auto& ranges = subject.ranges[condition.scales_see_outliers ? 1 : 0];
  double place = 0;
  for (const NarrowFormat& format : NarrowFormats()) {
    std::vector<Transform> transforms;
    for (const std::vector<float>& range : ranges) transforms.push_back(Rounding(format, range));
    const absl::StatusOr<std::vector<Pass>> rounded = Run(lab, subject.networks, pixels, transforms);
    if (!rounded.ok()) return rounded.status();
    std::vector<double> accuracies;
    std::vector<double> signals;
    losses.of_formats.emplace_back();
    for (size_t i = 0; i < full.size(); ++i) {
      accuracies.push_back(Accuracy((*rounded)[i].logits, held_out.labels));
      signals.push_back(SignalToNoise((*exact)[i], (*rounded)[i]));
      losses.of_formats.back().push_back(full[i] - accuracies.back());
    }
    losses.accuracies_of_formats.push_back(accuracies);
    measurements.Add(absl::StrCat("accuracy.", format.name, end), Mean(accuracies));
    measurements.Add(absl::StrCat("signal_to_noise.", format.name, end), Mean(signals), "dB");
    losses.accuracies.points.push_back(PointOf(++place, accuracies, 100));
    losses.signals.points.push_back(PointOf(place - 1, signals, 1));
  }
  return losses;
}

std::vector<double> Differences(const std::vector<double>& from, const std::vector<double>& of) {
  std::vector<double> differences;
  for (size_t i = 0; i < from.size(); ++i) differences.push_back(from[i] - of[i]);
  return differences;
}

// By how much less relu6 loses than relu, and how much more accurate it is, seed by seed.
void AddGains(const Condition& condition, const Losses& relu, const Losses& relu6, Measurements& measurements) {
  for (size_t format = 0; format < relu.of_formats.size(); ++format) {
    const std::string end = absl::StrCat(NarrowFormats()[format].name, ".", condition.name);
    const std::vector<double> gains = Differences(relu.of_formats[format], relu6.of_formats[format]);
    const std::vector<double> leads =
        Differences(relu6.accuracies_of_formats[format], relu.accuracies_of_formats[format]);
    measurements.Add("gain." + end, Mean(gains));
    measurements.Add("gain_margin." + end, MarginOf21(gains));
    measurements.Add("lead." + end, Mean(leads));
    measurements.Add("lead_margin." + end, MarginOf21(leads));
  }
}

absl::StatusOr<std::vector<Subject>> MakeSubjects(Lab& lab, Measurements& measurements) {
  const auto trained = lab.Trained(kDepth, {kActivations[0], kActivations[1]});
  if (!trained.ok()) return trained.status();
  const Eigen::MatrixXf& train = lab.digits().train.pixels;
  const Eigen::MatrixXf outliers = WithOutliers(train, lab.options().seed);
  std::vector<Subject> subjects;
  for (const char* activation : kActivations) {
    Subject subject = {activation, {}};
    for (const TrainedNetwork& one : *trained->at(activation)) subject.networks.push_back(&one.network);
    for (size_t i = 0; i < subject.ranges.size(); ++i) {
      auto ranges = Ranges(lab, subject.networks, i == 0 ? train : outliers);
      if (!ranges.ok()) return ranges.status();
      std::vector<double> greatest;
      for (const std::vector<float>& range : *ranges) {
        greatest.push_back(static_cast<double>(*std::max_element(range.begin() + 1, range.end())));
      }
      measurements.Add(absl::StrCat("greatest_activation.", activation, i == 0 ? ".clean" : ".outliers"),
                       Mean(greatest));
      subject.ranges[i] = *std::move(ranges);
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  const absl::StatusOr<std::vector<Subject>> subjects = MakeSubjects(lab, findings.measurements);
  if (!subjects.ok()) return subjects.status();
  Axis with_f32 = {"", false, {"f32"}};
  Axis narrow = {"", false, {}};
  for (const NarrowFormat& format : NarrowFormats()) {
    with_f32.names.push_back(format.name);
    narrow.names.push_back(format.name);
  }
  Figure accuracies = {
      "Accuracy on held-out images, in percent, by the format that activations are rounded to: mean and range of the "
      "seeds.",
      {}};
  Figure signals = {"How far the logits are above what rounding changes in them, in dB: 20 dB are a factor of 10.", {}};
  for (const Condition& condition : kConditions) {
    Chart accuracy = {condition.title, with_f32, {"%", false, {}, 0, 100}, {}};
    Chart signal = {condition.title, narrow, {"dB"}, {}};
    std::vector<Losses> losses;
    for (const Subject& subject : *subjects) {
      absl::StatusOr<Losses> measured = MeasureSubject(lab, subject, condition, findings.measurements);
      if (!measured.ok()) return measured.status();
      accuracy.series.push_back(measured->accuracies);
      signal.series.push_back(measured->signals);
      losses.push_back(*std::move(measured));
    }
    AddGains(condition, losses[0], losses[1], findings.measurements);
    accuracies.charts.push_back(std::move(accuracy));
    signals.charts.push_back(std::move(signal));
  }
  findings.figures = {std::move(accuracies), std::move(signals)};
  return findings;
}

// In which formats each of the two loses less than the other, by more than chance.
struct Score {
  std::vector<std::string> relu6;
  std::vector<std::string> relu;
  bool relu6_in_usual = false;  // whether relu6 does in one of 8 bits or more
  bool open = false;            // whether it is unclear of one of these
};

Score ScoreOf(const Measurements& m, const Condition& condition) {
  constexpr double kLeast = 2.0 / 360;  // two of the images that are held out
  constexpr int kUsualBits = 8;         // fewer are for those who train for it
  constexpr double kKnown = 0.5;        // of accuracy: networks of less have lost what they learned
  Score score;
  for (const NarrowFormat& format : NarrowFormats()) {
    const std::string end = absl::StrCat(format.name, ".", condition.name);
    const double gain = m["gain." + end];
    const double margin = m["gain_margin." + end];
    const double lead = m["lead." + end];
    const double lead_margin = m["lead_margin." + end];
    const auto accuracy = [&](const char* activation) {
      return m[absl::StrCat("accuracy.", format.name, ".", activation, ".", condition.name)];
    };
    // Who begins with less loses less on the way down to guessing: that is not robust.
    const bool known = std::max(accuracy("relu"), accuracy("relu6")) >= kKnown;
    const double chance = std::max(kLeast, margin);
    const bool relu6 = known && gain > chance && lead >= -lead_margin;
    const bool usual = format.bits >= kUsualBits;
    if (relu6) score.relu6.push_back(format.name);
    if (known && gain < -chance && lead <= lead_margin) score.relu.push_back(format.name);
    score.relu6_in_usual = score.relu6_in_usual || (relu6 && usual);
    score.open = score.open || (known && usual && gain > 0 && gain + margin >= kLeast);
  }
  return score;
}

std::string NamesText(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "none" : names.front();
  return absl::StrCat(absl::StrJoin(names.begin(), names.end() - 1, ", "), " and ", names.back());
}

// What the text says of a condition.
std::string ConditionText(const Measurements& m, const Condition& condition, const Score& score) {
  const auto accuracies = [&](const char* format) {
    const auto of = [&](const char* activation) {
      return PercentText(m[absl::StrCat("accuracy.", format, ".", activation, ".", condition.name)]);
    };
    return absl::StrCat(of("relu"), " and ", of("relu6"));
  };
  return absl::StrCat("With ", condition.title, " relu and relu6 reach ", accuracies("f32"), " in f32, ",
                      accuracies("i8"), " in i8 and ", accuracies("i4"), " in i4; relu6 loses less in ",
                      NamesText(score.relu6), ", more in ", NamesText(score.relu), ".");
}

// "i8 0.1 points (+- 0.4 points), i4 ... with images as they are"
std::string GainsText(const Measurements& m, const Condition& condition) {
  std::vector<std::string> gains;
  for (const char* format : {"i8", "i4"}) {
    const std::string end = absl::StrCat(format, ".", condition.name);
    gains.push_back(
        absl::StrCat(format, " ", PointsText(m["gain." + end]), " (+- ", PointsText(m["gain_margin." + end]), ")"));
  }
  return absl::StrCat(absl::StrJoin(gains, ", "), " with ", condition.title);
}

// What becomes of activations beyond a scale that has not seen outliers.
std::string CutText(const Measurements& m) {
  const auto accuracy = [&](const char* format, const char* activation) {
    return m[absl::StrCat("accuracy.", format, ".", activation, ".outliers")];
  };
  const bool relu = accuracy("i8", "relu") > accuracy("f32", "relu");
  const bool relu6 = accuracy("i8", "relu6") > accuracy("f32", "relu6");
  return absl::StrCat(" A scale that has not seen the outliers cuts off what activations they lead to, which ",
                      relu && relu6 ? "helps both"
                      : relu        ? "helps relu alone"
                      : relu6       ? "helps relu6 alone"
                                    : "helps neither",
                      ": in i8 relu has ", PercentText(accuracy("i8", "relu")), " against ",
                      PercentText(accuracy("f32", "relu")), " in f32, relu6 ", PercentText(accuracy("i8", "relu6")),
                      " against ", PercentText(accuracy("f32", "relu6")), ".");
}

Conclusion Judge(const Measurements& m) {
  size_t confirming = 0;
  bool some = false;
  bool open = false;
  std::vector<std::string> parts;
  std::vector<std::string> sentences;
  for (const Condition& condition : kConditions) {
    const Score score = ScoreOf(m, condition);
    confirming += score.relu6_in_usual && score.relu.empty() ? 1 : 0;
    some = some || !score.relu6.empty();
    open = open || score.open;
    parts.push_back(GainsText(m, condition));
    sentences.push_back(ConditionText(m, condition, score));
  }
  Conclusion conclusion;
  conclusion.verdict = confirming == std::size(kConditions) ? Verdict::kConfirmed
                       : some || open                       ? Verdict::kDepends
                                                            : Verdict::kRefuted;
  conclusion.because = absl::StrCat("relu6 loses less than relu by ", absl::StrJoin(parts, "; "));
  conclusion.text = absl::StrCat(
      "The greatest activation over the training images is ", NumberText(m["greatest_activation.relu.clean"]),
      " with relu and ", NumberText(m["greatest_activation.relu6.clean"]), " with relu6; with outliers ",
      NumberText(m["greatest_activation.relu.outliers"]), " and ", NumberText(m["greatest_activation.relu6.outliers"]),
      ". ", absl::StrJoin(sentences, " "), CutText(m),
      open && !some ? " With so few seeds it is undecided whether relu6 loses less in 8 bits or more." : "");
  return conclusion;
}

}  // namespace

const Statement& Relu6LowPrecision() {
  static constexpr Statement kStatement = {
      "relu6_low_precision", "ReLU6 is more robust than ReLU in low precision, since its outputs are bounded.",
      "Networks of relu and relu6 of depth 4, trained alike in f32, with the outputs of their activations rounded to "
      "f16, bf16, fp8 (e4m3) and integers of 8, 6, 4 and 3 bits, these with one scale for each tensor, from the "
      "greatest "
      "value over the training images. Three times: with images as they are, with images in which one pixel of a "
      "hundred is ten times as far from the mean, and the same with scales from images that have such pixels too. We "
      "look for the formats in which relu6 loses less accuracy against its own f32 than relu does, by two of the 360 "
      "images and beyond chance (95 % of all 21 comparisons together), does not end below relu beyond chance, and one "
      "of the two has at least 50 %. Confirmed if with each of the three there is one of 8 bits or more, and none in "
      "which it loses more; depends if there are some at all, or if it is undecided in 8 bits or more; refuted "
      "otherwise.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
