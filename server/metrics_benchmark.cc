// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_benchmark.h"

#include <vector>

#include "kernels/measure/case_run.h"
#include "server/metrics_table.h"

namespace actbench {
namespace {

using metrics_table::Row;

// Values of the label "outcome", in the order of CaseOutcome.
constexpr std::array<std::string_view, 3> kOutcomeNames = {"measured", "skipped", "error"};

}  // namespace

BenchmarkMetrics::BenchmarkMetrics(MetricFamilies& families)
    : families_(families),
      started_(families.AddCounter(Row("actbench_bench_runs_started_total", "counter"), {})),
      completed_(families.AddCounter(Row("actbench_bench_runs_completed_total", "counter"), {})),
      last_success_(families.AddGauge(Row("actbench_bench_last_success_timestamp_seconds", "gauge"), {})) {
  for (size_t i = 0; i < kOutcomes; ++i) {
    cases_[i] = &families.AddCounter(Row("actbench_bench_cases_total", "counter"), {{kOutcomeNames[i]}});
  }
  for (const std::string_view reason : kDisturbances) Discarded(reason, 0);
  for (size_t i = 0; i < verdicts_.size(); ++i) {
    verdicts_[i] = &families.AddCounter(Row("actbench_bench_verdicts_total", "counter"), {{kVerdictNames[i]}});
  }
}

void BenchmarkMetrics::Started() { started_.Increment(); }

void BenchmarkMetrics::Completed(absl::Time end) {
  completed_.Increment();
  WasCompleted(end);
}

void BenchmarkMetrics::WasCompleted(absl::Time end) {
  last_success_.Set(absl::ToDoubleSeconds(end - absl::UnixEpoch()));
}

void BenchmarkMetrics::Ended(CaseOutcome outcome) { cases_[static_cast<size_t>(outcome)]->Increment(); }

void BenchmarkMetrics::Discarded(std::string_view reason, int slices) {
  families_.AddCounter(Row("actbench_bench_slices_discarded_total", "counter"), {{reason}}).Increment(slices);
}

void BenchmarkMetrics::Judged(Verdict verdict) { verdicts_[static_cast<size_t>(verdict)]->Increment(); }

bool BenchmarkMetrics::Measured(const Kernel& kernel, WorkingSet set, double seconds_per_element,
                                double interval_ratio) {
  MutexLock lock(mutex_);
  auto it = kernels_.find(kernel);
  if (it == kernels_.end()) {
    if (kernels_.size() >= Metrics::kMaxKernelSeries) return false;
    it = kernels_.try_emplace(kernel).first;
  }
  const auto place = static_cast<size_t>(set);
  Series& series = it->second;
  if (series.seconds[place] == nullptr) {
    const auto kernel_labels = KernelLabelValues(kernel);
    std::vector<std::string_view> labels(kernel_labels.begin(), kernel_labels.end());
    labels.push_back(Name(set));
    series.seconds[place] = &families_.AddGauge(Row("actbench_bench_seconds_per_element", "gauge"), labels);
    series.interval[place] = &families_.AddGauge(Row("actbench_bench_interval_ratio", "gauge"), labels);
  }
  series.seconds[place]->Set(seconds_per_element);
  series.interval[place]->Set(interval_ratio);
  return true;
}

}  // namespace actbench
