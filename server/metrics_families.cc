// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_families.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "absl/hash/hash.h"

namespace actbench {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

// As short as it can be without another value, whole numbers without an exponent.
void AppendNumber(double value, std::string& text) {
  constexpr double kExactlyWhole = 1e15;
  if (std::isnan(value)) {
    text += "NaN";
  } else if (std::isinf(value)) {
    text += value < 0 ? "-Inf" : "+Inf";
  } else if (value == std::trunc(value) && std::abs(value) < kExactlyWhole) {
    text += std::to_string(static_cast<int64_t>(value));
  } else {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::general).ptr);
  }
}

void AppendLine(const std::string& start, double value, std::string& text) {
  text += start;
  AppendNumber(value, text);
  text += '\n';
}

void AppendEscaped(std::string_view value, std::string& text) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

// The places of a row's labels, by their names.
std::vector<size_t> SortedLabels(const MetricInfo& info) {
  std::vector<size_t> places(info.labels.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::ranges::sort(places, {}, [&info](size_t place) { return info.labels[place]; });
  return places;
}

std::vector<std::string> Key(const MetricInfo& info, MetricFamilies::LabelValues values) {
  std::vector<std::string> key;
  for (const size_t place : SortedLabels(info)) key.emplace_back(values[place]);
  return key;
}

// NAME{LABEL="VALUE",...} and a space. `le` is of histograms' buckets alone.
std::string LineStart(const MetricInfo& info, std::string_view suffix, MetricFamilies::LabelValues values,
                      std::string_view le = "") {
  std::string start(info.name);
  start += suffix;
  char separator = '{';
  const auto append = [&](std::string_view name, std::string_view value) {
    start += separator;
    start += name;
    start += "=\"";
    AppendEscaped(value, start);
    start += '"';
    separator = ',';
  };
  for (const size_t place : SortedLabels(info)) append(info.labels[place], values[place]);
  if (!le.empty()) append("le", le);
  if (separator == ',') start += '}';
  return start + " ";
}

// The counter or gauge of a family with these label values, made if need be.
template <class SeriesByLabels>
auto& AddValue(SeriesByLabels& family, const MetricInfo& info, MetricFamilies::LabelValues values) {
  const auto [it, is_new] = family.try_emplace(Key(info, values));
  if (is_new) it->second.lines = {LineStart(info, "", values)};
  return it->second.metric;
}

void AppendHistogram(const Histogram& histogram, const std::vector<std::string>& lines, std::string& text) {
  const prometheus::ClientMetric::Histogram now = histogram.Collect().histogram;
  AppendLine(lines[0], static_cast<double>(now.sample_count), text);
  AppendLine(lines[1], now.sample_sum, text);
  for (size_t i = 0; i < now.bucket.size(); ++i) {
    AppendLine(lines[2 + i], static_cast<double>(now.bucket[i].cumulative_count), text);
  }
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

Counter& MetricFamilies::AddCounter(size_t row, LabelValues values) {
  MutexLock lock(mutex_);
  return AddValue(families_[row].counters, table_[row], values);
}

Gauge& MetricFamilies::AddGauge(size_t row, LabelValues values) {
  MutexLock lock(mutex_);
  return AddValue(families_[row].gauges, table_[row], values);
}

Histogram& MetricFamilies::AddHistogram(size_t row, LabelValues values) {
  MutexLock lock(mutex_);
  const MetricInfo& info = table_[row];
  const auto [it, is_new] = families_[row].histograms.try_emplace(
      Key(info, values), Histogram::BucketBoundaries(info.buckets.begin(), info.buckets.end()));
  if (is_new) {
    it->second.lines = {LineStart(info, "_count", values), LineStart(info, "_sum", values)};
    for (const double bound : info.buckets) {
      std::string le;
      AppendNumber(bound, le);
      it->second.lines.push_back(LineStart(info, "_bucket", values, le));
    }
    it->second.lines.push_back(LineStart(info, "_bucket", values, "+Inf"));
  }
  return it->second.metric;
}

std::string MetricFamilies::Text(std::span<const MetricSample> samples) const {
  std::string text;
  MutexLock lock(mutex_);
  for (size_t row = 0; row < table_.size(); ++row) {
    const MetricInfo& info = table_[row];
    const std::initializer_list<std::string_view> head = {"# HELP ", info.name, " ",       info.help, "\n# TYPE ",
                                                          info.name, " ",       info.type, "\n"};
    for (const std::string_view part : head) {
      text += part;
    }
    for (const auto& [key, series] : families_[row].counters) AppendLine(series.lines[0], series.metric.Value(), text);
    for (const auto& [key, series] : families_[row].gauges) AppendLine(series.lines[0], series.metric.Value(), text);
    for (const auto& [key, series] : families_[row].histograms) AppendHistogram(series.metric, series.lines, text);
    for (const MetricSample& sample : samples) {
      if (sample.row != row || std::isnan(sample.value)) continue;
      AppendLine(LineStart(info, "", sample.label_values), sample.value, text);
    }
  }
  return text;
}

}  // namespace actbench
