// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/verdict.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace actbench {
namespace {

// Of what is called a difference so much may be chance.
constexpr double kFalseDiscoveries = 0.05;
// The threshold is at least so many half widths of the control's interval: what differs less from base than base does
// from itself is nothing.
constexpr double kControlWidths = 3;
// So many half widths beyond the threshold nearly every interval has its nearer end beyond it.
constexpr double kDetectableWidths = 1.5;

// Of the test that says more: there were two to choose from.
double OfTwoTests(double p_value) { return std::min(1.0, 2 * p_value); }

std::string Text(const RatioEstimate& estimate) {
  const auto percent = [](double ratio) { return (ratio - 1) * 100; };
  return absl::StrFormat("%+.1f %% (%+.1f to %+.1f)", percent(estimate.ratio), percent(estimate.low),
                         percent(estimate.high));
}

std::optional<RatioEstimate> EstimateControl(absl::Span<const double> ratios) {
  return ratios.empty() ? std::nullopt : std::optional(EstimateRatio(ratios));
}

void SetThreshold(double asked, Judgement& judgement) {
  judgement.threshold = asked;
  if (judgement.control.has_value()) {
    judgement.threshold = std::max(judgement.threshold, kControlWidths * judgement.control->half_width());
  }
  judgement.sees_injected = !judgement.injected.has_value() || judgement.injected->low > 1 + judgement.threshold;
  if (judgement.layout.has_value()) {
    judgement.threshold = std::max(judgement.threshold, std::abs(judgement.layout->ratio - 1));
  }
}

void SetPValue(double rank_p_value, double least_rank_p_value, const MeanEstimate& mean, Judgement& judgement) {
  judgement.least_rank_p_value = least_rank_p_value;
  judgement.mean = mean;
  if (judgement.lacking.empty()) judgement.p_value = OfTwoTests(std::min(rank_p_value, StudentPValue(mean)));
}

// Of one slow case among so many.
void SetDetectable(size_t cases, Judgement& judgement) {
  if (!judgement.lacking.empty()) return;
  const double significant = kFalseDiscoveries / static_cast<double>(cases);
  double least = judgement.threshold;
  if (OfTwoTests(judgement.least_rank_p_value) > significant) {
    const double distance = StudentDistance(significant / 2, judgement.mean.degrees);
    least = std::max(least, std::expm1(distance * judgement.mean.standard_error));
  }
  judgement.detectable = least + kDetectableWidths * judgement.ratio.half_width();
}

void Decide(Verdict verdict, std::string reason, Judgement& judgement) {
  judgement.verdict = verdict;
  judgement.reason = std::move(reason);
}

// When q values and thresholds are known.
void SetVerdict(Judgement& judgement) {
  const double above = 1 + judgement.threshold;
  const double below = 1 / above;
  const double half = judgement.threshold / 2;
  const RatioEstimate& ratio = judgement.ratio;
  if (!judgement.lacking.empty()) return Decide(Verdict::kUntrusted, judgement.lacking, judgement);
  if (judgement.control.has_value() &&
      (judgement.control->low > 1 + half || judgement.control->high < 1 / (1 + half))) {
    return Decide(Verdict::kUntrusted,
                  absl::StrCat("a copy of the base kernel differs from it by ", Text(*judgement.control)), judgement);
  }
  const bool beyond_chance = judgement.q_value <= kFalseDiscoveries;
  if (ratio.low > above && beyond_chance) return Decide(Verdict::kSlower, "", judgement);
  if (ratio.high < below && beyond_chance) return Decide(Verdict::kFaster, "", judgement);
  if (!judgement.sees_injected) {
    return Decide(Verdict::kUntrusted,
                  absl::StrCat("work that was added to the base kernel was not seen: ", Text(*judgement.injected)),
                  judgement);
  }
  if (ratio.low >= below && ratio.high <= above) return Decide(Verdict::kSame, "", judgement);
  if (ratio.low > above || ratio.high < below) {
    return Decide(Verdict::kAmbiguous, absl::StrFormat("it may be chance (q = %.2g)", judgement.q_value), judgement);
  }
  Decide(
      Verdict::kAmbiguous,
      absl::StrFormat("the interval holds both less and more than the threshold of %.1f %%", judgement.threshold * 100),
      judgement);
}

}  // namespace

double InjectedWork(double threshold) { return 1 + threshold * 5 / 3; }

Judgement Estimate(const PairedRatios& ratios, double threshold) {
  Judgement judgement;
  judgement.ratio = EstimateRatio(ratios.head);
  judgement.control = EstimateControl(ratios.control);
  judgement.injected = EstimateControl(ratios.injected);
  judgement.layout = EstimateControl(ratios.layout);
  const size_t processes = ratios.head.size();
  if (processes < kFewestProcesses) {
    judgement.lacking = absl::StrCat("measured in ", processes,
                                     " processes; a difference can be told from chance from ", kFewestProcesses, " on");
  }
  SetPValue(SignedRankPValue(ratios.head), LeastSignedRankPValue(processes), EstimateMean(ratios.head), judgement);
  SetThreshold(threshold, judgement);
  return judgement;
}

Judgement Estimate(const UnpairedTimes& times, double threshold) {
  Judgement judgement;
  judgement.ratio = EstimateRatio(times.base, times.head);
  const size_t base = times.base.size();
  const size_t head = times.head.size();
  if (std::min(base, head) < kFewestProcesses) {
    judgement.lacking =
        absl::StrCat("measured in ", base, " and ", head, " processes; a difference can be told from chance from ",
                     kFewestProcesses, " of each on");
  }
  SetPValue(RankSumPValue(times.base, times.head), LeastRankSumPValue(base, head), EstimateMean(times.base, times.head),
            judgement);
  SetThreshold(threshold, judgement);
  return judgement;
}

void SetVerdicts(absl::Span<Judgement> judgements) {
  std::vector<double> p_values;
  for (const Judgement& judgement : judgements) p_values.push_back(judgement.p_value);
  const std::vector<double> q_values = AdjustForMany(p_values);
  for (size_t i = 0; i < judgements.size(); ++i) {
    judgements[i].q_value = q_values[i];
    SetDetectable(judgements.size(), judgements[i]);
    SetVerdict(judgements[i]);
  }
}

}  // namespace actbench
