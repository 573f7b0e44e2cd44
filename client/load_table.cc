// SPDX-License-Identifier: Apache-2.0
#include "client/load_table.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace actbench::client {
namespace {

constexpr char kNone[] = "-";
constexpr double kNsPerMs = 1e6;

std::string Milliseconds(int64_t ns) { return MeasuredDecimal(static_cast<double>(ns) / kNsPerMs); }

// "-" where there are too few to speak of it.
std::string QuantileText(const LatencyHistogram& histogram, double p) {
  return histogram.count() < LeastCount(p) ? kNone : Milliseconds(histogram.Quantile(p));
}

// Downwards: 0.98999 is no 99 %.
std::string ShareText(double share) { return absl::StrFormat("%.2f %%", std::floor(share * 1e4) / 1e2); }

// "UNAVAILABLE 120, interrupted", or "-".
std::string NotesText(const LoadSetup& setup, const LoadResult& result) {
  std::vector<std::string> notes;
  for (const auto& [code, count] : result.errors) notes.push_back(absl::StrCat(code, " ", GroupedDecimal(count)));
  if (result.interrupted) notes.push_back("interrupted");
  if (result.unfinished > 0) notes.push_back(absl::StrCat("unfinished ", GroupedDecimal(result.unfinished)));
  if (JudgePunctuality(setup, result).late) notes.push_back("generator late");
  return notes.empty() ? kNone : absl::StrJoin(notes, ", ");
}

std::string DroppedText(const LoadSetup& setup, const LoadResult& result) {
  return absl::StrCat(GroupedDecimal(result.dropped_in_flight), " of ", GroupedDecimal(result.arrivals),
                      " requests were dropped, being more than --max_in_flight ", GroupedDecimal(setup.max_in_flight),
                      ": the quantiles are of the others");
}

std::string LateText(const LoadResult& result, const Punctuality& punctuality) {
  const std::string consequence = "; the latencies have that in them, so do not trust them";
  if (result.dropped_late > 0) {
    return absl::StrCat("the generator could not keep up: it came to ", GroupedDecimal(result.dropped_late), " of ",
                        GroupedDecimal(result.arrivals), " requests over a second late and dropped them", consequence);
  }
  return absl::StrFormat(
      "the generator was late: it sent %g %% of the requests %s ms or more after their time (up to %s ms is allowed)%s",
      std::round((1 - punctuality.p) * 100), Milliseconds(punctuality.lateness_ns),
      Milliseconds(punctuality.allowed_ns), consequence);
}

std::string SloText(const Slo& slo, const LoadResult& result, SloVerdict verdict) {
  const std::string goal = absl::StrFormat("%g %% within %g ms", slo.quantile * 100, slo.limit_ms);
  if (verdict == SloVerdict::kTooFew) {
    return absl::StrCat("whether ", goal, " cannot be said of ", GroupedDecimal(result.arrivals - result.unfinished),
                        " requests: it takes ", GroupedDecimal(LeastCount(slo.quantile)));
  }
  return absl::StrCat(ShareText(ShareWithinSlo(result)), " of the requests succeeded in time, not ", goal);
}

}  // namespace

std::string SetupText(const LoadSetup& setup) {
  return absl::StrFormat(
      "%s on %s: requests of %s x %s elements (%s bytes), %s arrivals, %s, %g s each after %g s of warm-up",
      setup.kernel.name(), setup.kernel.device(), GroupedDecimal(setup.batch), GroupedDecimal(setup.size),
      GroupedDecimal(setup.request_bytes), ArrivalsName(setup.arrivals),
      setup.server.empty()     ? "a server in this process"
      : setup.connections == 1 ? "1 connection"
                               : absl::StrCat(setup.connections, " connections"),
      setup.duration_seconds, setup.warm_up_seconds);
}

LoadTable::LoadTable(const LoadSetup& setup) : setup_(setup) {
  for (const char* name : {"rate/s", "offered/s", "achieved/s", "elements/s"}) columns_.push_back({name, true, 10});
  for (const QuantileInfo& quantile : ShownQuantiles()) {
    columns_.push_back({absl::StrCat(quantile.name, " ms"), true, 8});
  }
  columns_.push_back({"max ms", true, 8});
  if (setup.slo.has_value()) columns_.push_back({absl::StrFormat("in %g ms", setup.slo->limit_ms), true, 9});
  for (const char* name : {"succeeded", "errors", "dropped"}) columns_.push_back({name, true, 9});
  columns_.push_back({"late p99 ms", true, 11});
  columns_.push_back({"notes", false, 0});
  for (Column& column : columns_) column.width = std::max(column.width, column.name.size());
}

std::string LoadTable::Header() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  return AlignedLine(columns_, names);
}

std::string LoadTable::Line(const LoadResult& result) const {
  const double elements = static_cast<double>(setup_.size) * static_cast<double>(setup_.batch);
  std::vector<std::string> cells = {MeasuredDecimal(result.rate), MeasuredDecimal(result.offered_per_second()),
                                    MeasuredDecimal(result.achieved_per_second()),
                                    PrefixedDecimal(result.achieved_per_second() * elements)};
  for (const QuantileInfo& quantile : ShownQuantiles()) cells.push_back(QuantileText(result.latency, quantile.p));
  cells.push_back(result.latency.count() > 0 ? Milliseconds(result.latency.max()) : kNone);
  if (setup_.slo.has_value()) cells.push_back(ShareText(ShareWithinSlo(result)));
  for (const int64_t count : {result.succeeded, result.errors_in_all(), result.dropped()}) {
    cells.push_back(GroupedDecimal(count));
  }
  cells.push_back(QuantileText(result.lateness, 0.99));
  cells.push_back(NotesText(setup_, result));
  return AlignedLine(columns_, cells);
}

std::string PhasesText(absl::Span<const LoadResult> results) {
  Table table(
      {"rate/s", "quantile", "latency", "generator late", "server: queue", "compute", "copies", "network and client"},
      {0, 2, 3, 4, 5, 6, 7});
  for (const LoadResult& result : results) {
    for (const double p : {0.5, 0.99}) {
      table.AddRow({MeasuredDecimal(result.rate), p == 0.5 ? "p50" : "p99", QuantileText(result.latency, p),
                    QuantileText(result.lateness, p), QuantileText(result.queue, p), QuantileText(result.compute, p),
                    QuantileText(result.copy, p), QuantileText(result.rest, p)});
    }
  }
  return table.Aligned();
}

std::string MissingQuantilesText(absl::Span<const LoadResult> results) {
  std::vector<std::string> missing;
  for (const QuantileInfo& quantile : ShownQuantiles()) {
    const bool lacks = std::any_of(results.begin(), results.end(), [&](const LoadResult& result) {
      return result.latency.count() < LeastCount(quantile.p);
    });
    if (lacks) missing.push_back(absl::StrCat(quantile.name, " ", GroupedDecimal(LeastCount(quantile.p))));
  }
  if (missing.empty()) return "";
  return absl::StrCat("-: too few requests; a quantile takes ten beyond it: ", absl::StrJoin(missing, ", "), "\n");
}

std::vector<std::string> Remarks(const LoadSetup& setup, const LoadResult& result) {
  std::vector<std::string> remarks;
  if (result.arrivals == 0) remarks.push_back("no request fell into the measured time");
  if (const int64_t errors = result.errors_in_all(); errors > 0) {
    remarks.push_back(absl::StrCat(GroupedDecimal(errors), " of ", GroupedDecimal(result.arrivals),
                                   " requests failed, the first with ", result.first_error));
  }
  if (result.dropped_in_flight > 0) remarks.push_back(DroppedText(setup, result));
  if (const Punctuality punctuality = JudgePunctuality(setup, result); punctuality.late) {
    remarks.push_back(LateText(result, punctuality));
  }
  if (setup.slo.has_value()) {
    const SloVerdict verdict = JudgeSlo(*setup.slo, result);
    if (verdict != SloVerdict::kMet) remarks.push_back(SloText(*setup.slo, result, verdict));
  }
  return remarks;
}

}  // namespace actbench::client
