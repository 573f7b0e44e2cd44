// SPDX-License-Identifier: Apache-2.0
// The metrics of accuracy. Only for metrics.cc.
#ifndef ACTBENCH_SERVER_METRICS_ACCURACY_H_
#define ACTBENCH_SERVER_METRICS_ACCURACY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/accuracy/report.h"
#include "kernels/kernel.h"
#include "server/metrics.h"
#include "server/metrics_families.h"
#include "server/mutex.h"

namespace actbench {

// Thread-safe.
class AccuracyMetrics {
 public:
  explicit AccuracyMetrics(MetricFamilies& families) : families_(families) {}

  // As those of Metrics; return false, and do nothing, if there is no room for this kernel's series.
  bool Checked(const Kernel& kernel, AccuracySource source, const AccuracyReport& report,
               absl::Span<const double> errors);
  bool Certified(const Kernel& kernel, double max_ulp, double mean_ulp, absl::Time time);

 private:
  static constexpr size_t kSources = 3;
  static constexpr size_t kKinds = 4;

  // The series of a kernel and a source, and what these are made from.
  struct Series {
    prometheus::Counter* checked;
    prometheus::Counter* mismatched;
    std::array<prometheus::Counter*, kKinds> special;
    prometheus::Histogram* error;  // of samples; null of certificates, which do not have each error
    prometheus::Gauge* max_ulp;
    prometheus::Gauge* mean_ulp;
    prometheus::Gauge* last_check;
    AccuracyReport total;  // of samples, since the start; its counts, maximum and sum alone
  };
  using KernelSeries = std::array<std::unique_ptr<Series>, kSources>;

  std::unique_ptr<Series> Make(const Kernel& kernel, AccuracySource source);
  // Made if need be; null if there is no room.
  Series* Find(const Kernel& kernel, AccuracySource source) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  MetricFamilies& families_;
  Mutex mutex_;
  absl::flat_hash_map<Kernel, KernelSeries, KernelHash, KernelEqual> kernels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_ACCURACY_H_
