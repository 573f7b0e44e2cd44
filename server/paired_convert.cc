// SPDX-License-Identifier: Apache-2.0
#include "server/paired_convert.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/measure/statistics.h"
#include "server/benchmark_convert.h"

namespace actbench {
namespace {

void Set(const RatioEstimate& estimate, v1::RatioEstimate& out) {
  out.set_ratio(estimate.ratio);
  out.set_low(estimate.low);
  out.set_high(estimate.high);
}

// In the order of Verdict.
constexpr std::array<v1::Verdict, kVerdictNames.size()> kVerdicts = {
    v1::VERDICT_SAME, v1::VERDICT_FASTER, v1::VERDICT_SLOWER, v1::VERDICT_AMBIGUOUS, v1::VERDICT_UNTRUSTED};

v1::Verdict ToProto(Verdict verdict) { return kVerdicts[static_cast<size_t>(verdict)]; }

}  // namespace

Verdict VerdictOf(v1::Verdict verdict) {
  return static_cast<Verdict>(std::find(kVerdicts.begin(), kVerdicts.end(), verdict) - kVerdicts.begin());
}

PairedRatios RatiosOf(const CaseResult& result) {
  const auto& ratios = result.process_ratios;
  return {.head = ratios[kHead],
          .control = ratios[kControl],
          .injected = ratios[kInjected],
          .layout = ratios.size() > kLayout ? ratios[kLayout] : std::vector<double>()};
}

void SetJudgement(const Judgement& judgement, v1::SpeedComparison& comparison) {
  Set(judgement.ratio, *comparison.mutable_ratio());
  comparison.set_p_value(judgement.p_value);
  comparison.set_q_value(judgement.q_value);
  if (judgement.control.has_value()) Set(*judgement.control, *comparison.mutable_control());
  if (judgement.injected.has_value()) Set(*judgement.injected, *comparison.mutable_injected());
  if (judgement.layout.has_value()) Set(*judgement.layout, *comparison.mutable_layout());
  comparison.set_threshold(judgement.threshold);
  comparison.set_detectable(judgement.detectable);
  comparison.set_verdict(ToProto(judgement.verdict));
  comparison.set_reason(judgement.reason);
}

void SetFirstPass(const CaseRun& run, const Judgement& judgement, v1::SpeedComparison& comparison) {
  comparison.set_outcome(OutcomeOf(run.status()));
  if (!run.status().ok()) {
    comparison.set_message(std::string(run.status().message()));
    return;
  }
  const CaseResult result = run.Result();
  SetJudgement(judgement, comparison);
  comparison.set_base_ns(result.median_ns);
  comparison.set_head_ns(result.median_ns * judgement.ratio.ratio);
  comparison.set_injected_work(run.benchmark().rivals[kInjected].work);
  comparison.set_processes(run.processes_done());
  SetNoise(result, *comparison.mutable_noise());
  const PairedRatios ratios = RatiosOf(result);
  comparison.mutable_process_ratios()->Add(ratios.head.begin(), ratios.head.end());
  comparison.mutable_process_control_ratios()->Add(ratios.control.begin(), ratios.control.end());
  comparison.mutable_process_injected_ratios()->Add(ratios.injected.begin(), ratios.injected.end());
}

void SetSecondPass(const CaseRun& run, const Judgement& judgement, v1::SpeedComparison& comparison) {
  if (!run.status().ok()) {
    comparison.set_outcome(OutcomeOf(run.status()));
    comparison.set_message(absl::StrCat("in the second pass: ", std::string(run.status().message())));
    comparison.clear_verdict();
    return;
  }
  Set(judgement.ratio, *comparison.mutable_confirmation());
  if (judgement.verdict == Verdict::kSlower) return;
  comparison.set_verdict(judgement.verdict == Verdict::kUntrusted ? v1::VERDICT_UNTRUSTED : v1::VERDICT_AMBIGUOUS);
  comparison.set_reason(absl::StrFormat("slower by %.1f %% at first, and by %.1f %% when measured again",
                                        (comparison.ratio().ratio() - 1) * 100, (judgement.ratio.ratio - 1) * 100));
  if (!judgement.reason.empty()) absl::StrAppend(comparison.mutable_reason(), ": ", judgement.reason);
}

v1::PairedPlan ToProto(const PairedPlan& plan) {
  v1::PairedPlan out;
  out.set_processes(plan.each.min_processes);
  out.set_max_processes(plan.max_processes);
  out.set_process_ms(
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(plan.each.process_time).count()));
  out.set_threshold(plan.threshold);
  out.set_seconds(absl::ToDoubleSeconds(plan.time));
  return out;
}

}  // namespace actbench
