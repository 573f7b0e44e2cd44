// SPDX-License-Identifier: Apache-2.0
#include "client/load_result.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace actbench::client {
namespace {

constexpr std::array<QuantileInfo, 4> kShown = {
    {{0.5, "p50", "p50"}, {0.9, "p90", "p90"}, {0.99, "p99", "p99"}, {0.999, "p99.9", "p999"}}};

// What a processor that is not busy achieves.
constexpr int64_t kAlwaysAllowedNs = 100'000;
// On a machine with 2 cores that others used little, 13 to 22 % were measured, and 30 to 60 % where they used it much.
constexpr int64_t kShareAllowed = 4;

int64_t Finished(const LoadResult& result) { return result.arrivals - result.unfinished; }

}  // namespace

int64_t LoadResult::errors_in_all() const {
  int64_t sum = 0;
  for (const auto& [code, count] : errors) sum += count;
  return sum;
}

double LoadResult::offered_per_second() const { return seconds > 0 ? static_cast<double>(arrivals) / seconds : 0; }

double LoadResult::achieved_per_second() const {
  const double taken = std::max(seconds, seconds_to_last_success);
  return taken > 0 ? static_cast<double>(succeeded) / taken : 0;
}

absl::Span<const QuantileInfo> ShownQuantiles() { return kShown; }

Punctuality JudgePunctuality(const LoadSetup& setup, const LoadResult& result) {
  Punctuality punctuality;
  for (const double p : {0.5, 0.9, 0.99}) {
    if (result.lateness.count() >= LeastCount(p)) punctuality.p = p;
  }
  punctuality.allowed_ns = setup.max_late_ms.has_value()
                               ? std::llround(*setup.max_late_ms * 1e6)
                               : std::max(kAlwaysAllowedNs, result.latency.Quantile(punctuality.p) / kShareAllowed);
  punctuality.late = result.dropped_late > 0;
  if (punctuality.p > 0 && result.succeeded > 0) {
    punctuality.lateness_ns = result.lateness.Quantile(punctuality.p);
    punctuality.late |= punctuality.lateness_ns > punctuality.allowed_ns;
  }
  return punctuality;
}

double ShareWithinSlo(const LoadResult& result) {
  const int64_t finished = Finished(result);
  return finished > 0 ? static_cast<double>(result.within_slo) / static_cast<double>(finished) : 0;
}

const char* SloVerdictName(SloVerdict verdict) {
  switch (verdict) {
    case SloVerdict::kMet:
      return "met";
    case SloVerdict::kMissed:
      return "missed";
    case SloVerdict::kTooFew:
      return "too_few_requests";
  }
  return "";
}

SloVerdict JudgeSlo(const Slo& slo, const LoadResult& result) {
  if (Finished(result) < LeastCount(slo.quantile)) return SloVerdict::kTooFew;
  return ShareWithinSlo(result) >= slo.quantile ? SloVerdict::kMet : SloVerdict::kMissed;
}

}  // namespace actbench::client
