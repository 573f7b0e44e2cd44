// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_families.h"

#include <prometheus/family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/hash/hash.h"

namespace actbench {
namespace {

using prometheus::ClientMetric;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::MetricFamily;
using prometheus::MetricType;

prometheus::Labels MakeLabels(const MetricInfo& info, MetricFamilies::LabelValues values) {
  prometheus::Labels labels;
  for (size_t i = 0; i < info.labels.size(); ++i) labels.emplace(info.labels[i], values[i]);
  return labels;
}

template <class T>
std::unique_ptr<Family<T>> MakeFamily(const MetricInfo& info) {
  return std::make_unique<Family<T>>(std::string(info.name), std::string(info.help), prometheus::Labels());
}

MetricType Type(std::string_view type) {
  if (type == "counter") return MetricType::Counter;
  return type == "gauge" ? MetricType::Gauge : MetricType::Histogram;
}

}  // namespace

std::array<std::string_view, 7> KernelLabelValues(const Kernel& kernel) {
  return {kernel.activation,
          actbench::Name(kernel.direction),
          actbench::Name(kernel.dtype),
          kernel.provider,
          kernel.tier,
          kernel.device,
          kernel.isa};
}

size_t KernelHash::operator()(const Kernel& kernel) const { return absl::HashOf(KernelLabelValues(kernel)); }

MetricFamilies::MetricFamilies(std::span<const MetricInfo> table) : table_(table) {
  for (const MetricInfo& info : table) {
    if (Type(info.type) == MetricType::Counter) {
      families_.push_back(MakeFamily<Counter>(info));
    } else if (Type(info.type) == MetricType::Gauge) {
      families_.push_back(MakeFamily<Gauge>(info));
    } else {
      families_.push_back(MakeFamily<Histogram>(info));
    }
  }
}

Counter& MetricFamilies::AddCounter(size_t row, LabelValues values) {
  return static_cast<Family<Counter>&>(*families_[row]).Add(MakeLabels(table_[row], values));
}

Gauge& MetricFamilies::AddGauge(size_t row, LabelValues values) {
  return static_cast<Family<Gauge>&>(*families_[row]).Add(MakeLabels(table_[row], values));
}

Histogram& MetricFamilies::AddHistogram(size_t row, LabelValues values) {
  const std::span<const double> buckets = table_[row].buckets;
  return static_cast<Family<Histogram>&>(*families_[row])
      .Add(MakeLabels(table_[row], values), Histogram::BucketBoundaries(buckets.begin(), buckets.end()));
}

std::string MetricFamilies::Text(std::span<const MetricSample> samples) const {
  std::vector<MetricFamily> all;
  for (size_t row = 0; row < table_.size(); ++row) {
    const MetricInfo& info = table_[row];
    all.push_back({std::string(info.name), std::string(info.help), Type(info.type), {}});
    // A family without series collects as nothing at all.
    std::vector<MetricFamily> collected = families_[row]->Collect();
    if (!collected.empty()) all.back().metric = std::move(collected.front().metric);
    std::ranges::sort(all.back().metric, {}, &ClientMetric::label);
  }
  for (const MetricSample& sample : samples) {
    if (std::isnan(sample.value)) continue;
    ClientMetric metric;
    for (const auto& [name, value] : MakeLabels(table_[sample.row], sample.label_values)) {
      metric.label.push_back({name, value});
    }
    metric.counter.value = sample.value;
    metric.gauge.value = sample.value;
    all[sample.row].metric.push_back(std::move(metric));
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace actbench
