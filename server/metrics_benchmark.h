// SPDX-License-Identifier: Apache-2.0
// The metrics of benchmarks. Only for metrics.cc.
#ifndef ACTBENCH_SERVER_METRICS_BENCHMARK_H_
#define ACTBENCH_SERVER_METRICS_BENCHMARK_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "kernels/kernel.h"
#include "server/metrics.h"
#include "server/metrics_families.h"
#include "server/mutex.h"

namespace actbench {

// Thread-safe.
class BenchmarkMetrics {
 public:
  explicit BenchmarkMetrics(MetricFamilies& families);

  // As those of Metrics; Measured returns false, and does nothing, if there is no room for this kernel's series.
  void Started();
  void Completed(absl::Time end);
  void WasCompleted(absl::Time end);
  void Ended(CaseOutcome outcome);
  void Discarded(std::string_view reason, int slices);
  void Judged(Verdict verdict);
  bool Measured(const Kernel& kernel, WorkingSet set, double seconds_per_element, double interval_ratio);

 private:
  static constexpr size_t kOutcomes = 3;
  static constexpr size_t kSets = 4;
  struct Series {
    std::array<prometheus::Gauge*, kSets> seconds = {};
    std::array<prometheus::Gauge*, kSets> interval = {};
  };

  MetricFamilies& families_;
  prometheus::Counter& started_;
  prometheus::Counter& completed_;
  prometheus::Gauge& last_success_;
  std::array<prometheus::Counter*, kOutcomes> cases_;
  std::array<prometheus::Counter*, kVerdictNames.size()> verdicts_;
  Mutex mutex_;
  absl::flat_hash_map<Kernel, Series, KernelHash, KernelEqual> kernels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_BENCHMARK_H_
