// SPDX-License-Identifier: Apache-2.0
// The series behind metrics.cc: prometheus-cpp's counters, gauges and histograms, by the rows of its table, and how
// they are written. Not prometheus-cpp's families and serializer: these copy and write all labels anew at each scrape,
// which with all series in use takes ten times as long. Only for metrics.cc and metrics_accuracy.* and
// metrics_benchmark.*.
#ifndef ACTBENCH_SERVER_METRICS_FAMILIES_H_
#define ACTBENCH_SERVER_METRICS_FAMILIES_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "kernels/kernel.h"
#include "server/metrics.h"
#include "server/mutex.h"

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

  explicit MetricFamilies(std::span<const MetricInfo> table) : table_(table), families_(table.size()) {}

  // The series of a row with these label values, made if need be. It is never removed, so the reference stays valid.
  prometheus::Counter& AddCounter(size_t row, LabelValues values);
  prometheus::Gauge& AddGauge(size_t row, LabelValues values);
  prometheus::Histogram& AddHistogram(size_t row, LabelValues values);

  // The exposition: the families in the order of the table, also those without series; the series of each sorted.
  // Samples that are NaN are left out.
  std::string Text(std::span<const MetricSample> samples) const;

 private:
  // A metric and its lines as far as they stay the same, each to the space before the value.
  template <class T>
  struct Series {
    template <class... Arguments>
    explicit Series(Arguments&&... arguments) : metric(std::forward<Arguments>(arguments)...) {}
    T metric;
    std::vector<std::string> lines;
  };
  // By label values, in the order of the labels' names. Of the three one is in use.
  template <class T>
  using SeriesByLabels = std::map<std::vector<std::string>, Series<T>>;
  struct Family {
    SeriesByLabels<prometheus::Counter> counters;
    SeriesByLabels<prometheus::Gauge> gauges;
    SeriesByLabels<prometheus::Histogram> histograms;
  };

  const std::span<const MetricInfo> table_;
  mutable Mutex mutex_;
  std::vector<Family> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_FAMILIES_H_
