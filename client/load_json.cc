// SPDX-License-Identifier: Apache-2.0
#include "client/load_json.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/format.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

using Members = std::vector<JsonMember>;

std::string CountsJson(const std::map<std::string, int64_t>& counts) {
  Members members;
  for (const auto& [name, count] : counts) members.emplace_back(name, absl::StrCat(count));
  return JsonObject(members);
}

// {"count"} and, where there are any, "min", "mean", the quantiles that the count allows, "max".
std::string TimesJson(const LatencyHistogram& times) {
  Members members = {{"count", absl::StrCat(times.count())}};
  if (times.count() == 0) return JsonObject(members);
  members.emplace_back("min", absl::StrCat(times.min()));
  members.emplace_back("mean", JsonNumber(times.mean()));
  for (const QuantileInfo& quantile : ShownQuantiles()) {
    if (times.count() < LeastCount(quantile.p)) continue;
    members.emplace_back(quantile.member, absl::StrCat(times.Quantile(quantile.p)));
  }
  members.emplace_back("max", absl::StrCat(times.max()));
  return JsonObject(members);
}

std::string HistogramJson(const LatencyHistogram& times) {
  std::vector<std::string> buckets;
  for (const LatencyHistogram::Bucket& bucket : times.Buckets()) {
    buckets.push_back(JsonObject({{"up_to_ns", absl::StrCat(bucket.up_to_ns)}, {"count", absl::StrCat(bucket.count)}}));
  }
  return JsonArray(buckets);
}

std::string ResultJson(const LoadSetup& setup, const LoadResult& result) {
  const double elements = static_cast<double>(setup.size) * static_cast<double>(setup.batch);
  Members members = {{"rate", JsonNumber(result.rate)},
                     {"seconds", JsonNumber(result.seconds)},
                     {"offered_per_second", JsonNumber(result.offered_per_second())},
                     {"achieved_per_second", JsonNumber(result.achieved_per_second())},
                     {"elements_per_second", JsonNumber(result.achieved_per_second() * elements)},
                     {"arrivals", absl::StrCat(result.arrivals)},
                     {"succeeded", absl::StrCat(result.succeeded)},
                     {"errors", CountsJson(result.errors)},
                     {"dropped_in_flight", absl::StrCat(result.dropped_in_flight)},
                     {"dropped_late", absl::StrCat(result.dropped_late)},
                     {"unfinished", absl::StrCat(result.unfinished)},
                     {"interrupted", JsonBoolean(result.interrupted)},
                     {"generator_late", JsonBoolean(JudgePunctuality(setup, result).late)}};
  if (setup.slo.has_value()) {
    members.emplace_back("within_slo", JsonNumber(ShareWithinSlo(result)));
    members.emplace_back("slo", JsonString(SloVerdictName(JudgeSlo(*setup.slo, result))));
  }
  members.emplace_back("latency_ns", TimesJson(result.latency));
  members.emplace_back("lateness_ns", TimesJson(result.lateness));
  members.emplace_back("queue_ns", TimesJson(result.queue));
  members.emplace_back("compute_ns", TimesJson(result.compute));
  members.emplace_back("copy_ns", TimesJson(result.copy));
  members.emplace_back("rest_ns", TimesJson(result.rest));
  members.emplace_back("latency_histogram", HistogramJson(result.latency));
  return JsonObject(members);
}

}  // namespace

std::string LoadJson(const LoadSetup& setup, absl::Span<const LoadResult> results) {
  std::vector<std::string> rates;
  for (const LoadResult& result : results) rates.push_back(ResultJson(setup, result));
  Members members = {{"activation", JsonString(setup.kernel.activation())},
                     {"direction", JsonString(DirectionName(setup.kernel.direction()))},
                     {"kernel", JsonString(setup.kernel.name())},
                     {"device", JsonString(setup.kernel.device())},
                     {"parameters", JsonNumbers(setup.parameters)},
                     {"dtype", JsonString(DtypeText(setup.kernel.dtype()))},
                     {"size", absl::StrCat(setup.size)},
                     {"batch", absl::StrCat(setup.batch)},
                     {"request_bytes", absl::StrCat(setup.request_bytes)},
                     {"server", JsonString(setup.server)},
                     {"arrivals", JsonString(ArrivalsName(setup.arrivals))},
                     {"seed", absl::StrCat(setup.seed)},
                     {"warm_up_seconds", JsonNumber(setup.warm_up_seconds)},
                     {"duration_seconds", JsonNumber(setup.duration_seconds)},
                     {"connections", absl::StrCat(setup.connections)},
                     {"max_in_flight", absl::StrCat(setup.max_in_flight)},
                     {"deadline_ms", JsonNumber(setup.deadline_ms)}};
  if (setup.max_late_ms.has_value()) members.emplace_back("max_late_ms", JsonNumber(*setup.max_late_ms));
  if (setup.slo.has_value()) {
    members.emplace_back("slo_ms", JsonNumber(setup.slo->limit_ms));
    members.emplace_back("slo_quantile", JsonNumber(setup.slo->quantile));
  }
  members.emplace_back("rates", JsonLines(rates));
  return JsonObject(members) + "\n";
}

}  // namespace actbench::client
