// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_convert.h"

#include <chrono>
#include <string>

#include "server/accuracy_convert.h"
#include "server/page_token.h"

namespace actbench {
namespace {

void SetTime(const CaseResult& result, v1::CallTime& time) {
  time.set_min_ns(result.min_ns);
  time.set_median_ns(result.median_ns);
  if (result.median_interval.has_value()) {
    time.set_median_low_ns(result.median_interval->low);
    time.set_median_high_ns(result.median_interval->high);
  }
  time.set_p90_ns(result.p90_ns);
  time.set_p99_ns(result.p99_ns);
  time.mutable_process_medians_ns()->Add(result.process_medians_ns.begin(), result.process_medians_ns.end());
  time.set_samples(result.samples);
  time.set_calls_per_sample(result.calls_per_sample);
  time.set_converged(result.converged);
}

}  // namespace

v1::Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return v1::OUTCOME_MEASURED;
  const bool cannot_be = absl::IsUnimplemented(status) || absl::IsInvalidArgument(status);
  return cannot_be ? v1::OUTCOME_SKIPPED : v1::OUTCOME_ERROR;
}

void SetNoise(const CaseResult& result, v1::BenchmarkNoise& noise) {
  if (result.noise.steal_ratio.has_value()) noise.set_steal_ratio(*result.noise.steal_ratio);
  if (result.noise.pressure_ratio.has_value()) noise.set_pressure_ratio(*result.noise.pressure_ratio);
  if (result.noise.throttled_periods.has_value()) noise.set_throttled_periods(*result.noise.throttled_periods);
  noise.set_involuntary_switches(result.noise.involuntary_switches);
  noise.set_minor_faults(result.noise.minor_faults);
  noise.mutable_discarded_slices()->insert(result.discarded.begin(), result.discarded.end());
  noise.mutable_reasons()->Add(result.disturbed.begin(), result.disturbed.end());
}

void SetTime(absl::Time time, google::protobuf::Timestamp& out) {
  out.set_seconds(absl::ToUnixSeconds(time));
  out.set_nanos(static_cast<int>((absl::ToUnixMicros(time) % 1'000'000) * 1000));
}

absl::Time EndOf(const v1::BenchmarkRun& run) {
  return absl::FromUnixMicros(TimeUs(run.time())) + absl::Seconds(run.seconds());
}

CaseOutcome CaseOutcomeOf(v1::Outcome outcome) {
  if (outcome == v1::OUTCOME_MEASURED) return CaseOutcome::kMeasured;
  return outcome == v1::OUTCOME_SKIPPED ? CaseOutcome::kSkipped : CaseOutcome::kError;
}

void CountDiscarded(const v1::BenchmarkNoise& noise, Metrics& metrics) {
  for (const auto& [reason, slices] : noise.discarded_slices()) metrics.BenchmarkSlicesDiscarded(reason, slices);
}

void SetOutcome(const CaseRun& run, v1::BenchmarkResult& result) {
  result.set_outcome(OutcomeOf(run.status()));
  if (!run.status().ok()) {
    result.set_message(std::string(run.status().message()));
    return;
  }
  const CaseResult measured = run.Result();
  SetTime(measured, *result.mutable_time());
  SetNoise(measured, *result.mutable_noise());
  result.set_copy_ns(measured.copy_ns);
  result.set_clock_ghz(measured.clock_ghz);
  if (!measured.error.has_value()) return;
  result.mutable_accuracy()->set_max_ulp(measured.error->max_ulp);
  result.mutable_accuracy()->set_checked(static_cast<int64_t>(measured.error->checked));
  result.mutable_accuracy()->set_misrounded(static_cast<int64_t>(measured.error->misrounded));
  result.mutable_accuracy()->set_output_hash(OutputHashText(measured.error->output_hash));
  const bool gradient = run.benchmark().kernel->direction == Direction::kGradient;
  result.mutable_accuracy()->set_mode(gradient ? "sampled_unit_upstream" : "sampled");
}

v1::BenchmarkPlan ToProto(const CasePlan& plan) {
  v1::BenchmarkPlan out;
  out.set_min_processes(plan.min_processes);
  out.set_max_processes(plan.max_processes);
  out.set_max_relative_width(plan.max_relative_width);
  out.set_process_ms(
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(plan.process_time).count()));
  return out;
}

}  // namespace actbench
