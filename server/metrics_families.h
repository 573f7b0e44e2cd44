// SPDX-License-Identifier: Apache-2.0
// The series behind metrics.cc: one prometheus-cpp family for each row of its table. Only for metrics.cc and
// metrics_accuracy.* and metrics_benchmark.*.
#ifndef ACTBENCH_SERVER_METRICS_FAMILIES_H_
#define ACTBENCH_SERVER_METRICS_FAMILIES_H_

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/kernel.h"
#include "server/metrics.h"

namespace actbench {

// The values of the labels of a kernel, in the order of the table.
std::array<std::string_view, 7> KernelLabelValues(const Kernel& kernel);

// Kernels are the same series if their labels are the same. (Not by address: catalogs of tests come and go.)
struct KernelHash {
  size_t operator()(const Kernel& kernel) const;
};
struct KernelEqual {
  bool operator()(const Kernel& a, const Kernel& b) const { return KernelLabelValues(a) == KernelLabelValues(b); }
};

// A counter's or gauge's value that is read at the scrape instead of being kept.
struct MetricSample {
  size_t row;  // of the table
  double value;
  std::vector<std::string_view> label_values = {};
};

// Thread-safe.
class MetricFamilies {
 public:
  using LabelValues = std::span<const std::string_view>;

  explicit MetricFamilies(std::span<const MetricInfo> table);

  // The series of a row with these label values, made if need be. It is never removed, so the reference stays valid.
  prometheus::Counter& AddCounter(size_t row, LabelValues values);
  prometheus::Gauge& AddGauge(size_t row, LabelValues values);
  prometheus::Histogram& AddHistogram(size_t row, LabelValues values);

  // The exposition: the families in the order of the table, also those without series; the series of each sorted.
  // Samples that are NaN are left out.
  std::string Text(std::span<const MetricSample> samples) const;

 private:
  const std::span<const MetricInfo> table_;
  std::vector<std::unique_ptr<prometheus::Collectable>> families_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_FAMILIES_H_
