// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_accuracy.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "kernels/accuracy/claim.h"
#include "server/metrics_table.h"

namespace actbench {
namespace {

using metrics_table::Row;

// Values of the label "source", in the order of AccuracySource.
constexpr std::array<std::string_view, 3> kSourceNames = {"certificate", "self_check", "live"};
// Values of the label "kind".
constexpr std::array<std::string_view, 4> kKindNames = {"nan", "inf", "zero", "sign"};

// What the kernel claims of whatever it is asked for; NaN if there is something of which it claims nothing.
double UlpLimit(const Kernel& kernel) {
  const std::optional<Claim> claim = ClaimOf(kernel, {.default_parameters = false, .unit_upstream = false});
  return claim.has_value() && claim->everywhere ? claim->max_ulp : NAN;
}

}  // namespace

std::unique_ptr<AccuracyMetrics::Series> AccuracyMetrics::Make(const Kernel& kernel, AccuracySource source) {
  const auto kernel_labels = KernelLabelValues(kernel);
  if (const double limit = UlpLimit(kernel); !std::isnan(limit)) {
    families_.AddGauge(Row("actbench_accuracy_ulp_limit", "gauge"), kernel_labels).Set(limit);
  }
  std::vector<std::string_view> labels(kernel_labels.begin(), kernel_labels.end());
  labels.push_back(kSourceNames[static_cast<size_t>(source)]);
  auto series = std::make_unique<Series>();
  series->checked = &families_.AddCounter(Row("actbench_accuracy_checked_elements_total", "counter"), labels);
  series->mismatched = &families_.AddCounter(Row("actbench_accuracy_mismatched_elements_total", "counter"), labels);
  series->error = source == AccuracySource::kCertificate
                      ? nullptr
                      : &families_.AddHistogram(Row("actbench_accuracy_error_ulp", "histogram"), labels);
  series->max_ulp = &families_.AddGauge(Row("actbench_accuracy_max_ulp", "gauge"), labels);
  series->mean_ulp = &families_.AddGauge(Row("actbench_accuracy_mean_ulp", "gauge"), labels);
  series->last_check = &families_.AddGauge(Row("actbench_accuracy_last_check_timestamp_seconds", "gauge"), labels);
  labels.emplace_back();
  for (size_t i = 0; i < kKinds; ++i) {
    labels.back() = kKindNames[i];
    series->special[i] =
        &families_.AddCounter(Row("actbench_accuracy_special_value_mismatches_total", "counter"), labels);
  }
  return series;
}

AccuracyMetrics::Series* AccuracyMetrics::Find(const Kernel& kernel, AccuracySource source) {
  auto it = kernels_.find(kernel);
  if (it == kernels_.end()) {
    if (kernels_.size() >= Metrics::kMaxKernelSeries) return nullptr;
    it = kernels_.try_emplace(kernel).first;
  }
  std::unique_ptr<Series>& series = it->second[static_cast<size_t>(source)];
  if (series == nullptr) series = Make(kernel, source);
  return series.get();
}

bool AccuracyMetrics::Certified(const Kernel& kernel, double max_ulp, double mean_ulp, absl::Time time) {
  MutexLock lock(mutex_);
  Series* const series = Find(kernel, AccuracySource::kCertificate);
  if (series == nullptr) return false;
  series->max_ulp->Set(max_ulp);
  series->mean_ulp->Set(mean_ulp);
  series->last_check->Set(absl::ToDoubleSeconds(time - absl::UnixEpoch()));
  return true;
}

bool AccuracyMetrics::Checked(const Kernel& kernel, AccuracySource source, const AccuracyReport& report,
                              absl::Span<const double> errors) {
  MutexLock lock(mutex_);
  Series* const series = Find(kernel, source);
  if (series == nullptr) return false;
  series->checked->Increment(static_cast<double>(report.checked));
  series->mismatched->Increment(static_cast<double>(report.misrounded));
  const std::array kinds = {report.wrong_nan, report.wrong_inf, report.spurious_zero, report.wrong_sign};
  for (size_t i = 0; i < kKinds; ++i) series->special[i]->Increment(static_cast<double>(kinds[i]));
  for (const double error : errors) {
    // An infinite one would make the sum useless for good.
    if (series->error != nullptr && std::isfinite(error)) series->error->Observe(error);
  }
  AccuracyReport& total = series->total;
  const bool whole = source == AccuracySource::kCertificate;
  total.max_ulp = whole ? report.max_ulp : std::max(total.max_ulp, report.max_ulp);
  total.sum_ulp = whole ? report.sum_ulp : total.sum_ulp + report.sum_ulp;
  total.finite = whole ? report.finite : total.finite + report.finite;
  series->max_ulp->Set(total.max_ulp);
  series->mean_ulp->Set(total.MeanUlp());
  series->last_check->Set(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
  return true;
}

}  // namespace actbench
