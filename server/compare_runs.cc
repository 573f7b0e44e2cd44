// SPDX-License-Identifier: Apache-2.0
#include "server/compare_runs.h"

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/measure/statistics.h"
#include "kernels/measure/verdict.h"
#include "server/paired_convert.h"

namespace actbench {
namespace {

// Between two runs the machine itself may change by some percent: docs/method.md.
constexpr double kUsualThreshold = 0.1;

// The cases of a run by what they are, whoever wrote the kernel; null where that is not unique.
using Cases = std::map<std::string, const v1::BenchmarkResult*>;

// The name without the provider, which is the fourth of the words between slashes.
std::string WithoutProvider(const std::string& name) {
  size_t begin = 0;
  for (int i = 0; i < 3 && begin != std::string::npos; ++i) begin = name.find('/', begin + (i > 0 ? 1 : 0));
  const size_t end = begin == std::string::npos ? begin : name.find('/', begin + 1);
  return end == std::string::npos ? name : name.substr(0, begin) + name.substr(end);
}

Cases CasesOf(const v1::BenchmarkRun& run) {
  Cases cases;
  for (const v1::BenchmarkResult& result : run.results()) {
    cases[result.name()] = &result;
    const auto [place, is_new] = cases.emplace(WithoutProvider(result.name()), &result);
    if (!is_new && place->second != &result) place->second = nullptr;
  }
  return cases;
}

// The result for the same case as this one of a run with the cases `own`; null if there is none.
const v1::BenchmarkResult* Find(const v1::BenchmarkResult& result, const Cases& own, const Cases& others) {
  if (const auto same = others.find(result.name()); same != others.end()) return same->second;
  const std::string name = WithoutProvider(result.name());
  const auto other = others.find(name);
  return other == others.end() || own.at(name) == nullptr ? nullptr : other->second;
}

bool HasTimes(const v1::BenchmarkResult& result) {
  return result.outcome() == v1::OUTCOME_MEASURED && result.time().process_medians_ns_size() > 0;
}

UnpairedTimes TimesOf(const v1::BenchmarkResult& base, const v1::BenchmarkResult& head) {
  const auto& base_ns = base.time().process_medians_ns();
  const auto& head_ns = head.time().process_medians_ns();
  return {.base = {base_ns.begin(), base_ns.end()}, .head = {head_ns.begin(), head_ns.end()}};
}

v1::SpeedComparison Describe(const v1::BenchmarkResult& base, const v1::BenchmarkResult& head) {
  v1::SpeedComparison comparison;
  comparison.set_name(base.name());
  *comparison.mutable_base() = base.kernel();
  *comparison.mutable_head() = head.kernel();
  comparison.set_elements(base.elements());
  if (base.has_accuracy()) *comparison.mutable_base_accuracy() = base.accuracy();
  if (head.has_accuracy()) *comparison.mutable_head_accuracy() = head.accuracy();
  if (HasTimes(base) && HasTimes(head)) {
    comparison.set_outcome(v1::OUTCOME_MEASURED);
    comparison.set_base_ns(base.time().median_ns());
    comparison.set_head_ns(head.time().median_ns());
    return comparison;
  }
  const bool base_lacks = !HasTimes(base);
  const bool failed = base.outcome() == v1::OUTCOME_ERROR || head.outcome() == v1::OUTCOME_ERROR;
  comparison.set_outcome(failed ? v1::OUTCOME_ERROR : v1::OUTCOME_SKIPPED);
  comparison.set_message(absl::StrCat("the ", base_lacks ? "first" : "second",
                                      " run has no times of it: ", base_lacks ? base.message() : head.message()));
  return comparison;
}

absl::Status CheckTimes(const v1::BenchmarkRun& run) {
  for (const v1::BenchmarkResult& result : run.results()) {
    for (const double ns : result.time().process_medians_ns()) {
      if (ns > 0 && std::isfinite(ns)) continue;
      return absl::InvalidArgumentError(absl::StrCat(result.name(), " has a time of ", ns, " ns; times are above 0"));
    }
  }
  return absl::OkStatus();
}

void SetSummary(const v1::BenchmarkRun& base, const v1::BenchmarkRun& head, double threshold,
                v1::ComparisonSummary& summary) {
  *summary.mutable_build() = head.build();
  *summary.mutable_machine() = head.machine();
  *summary.mutable_fingerprint() = head.fingerprint();
  summary.set_fingerprint_hash(base.fingerprint_hash());
  summary.set_head_fingerprint_hash(head.fingerprint_hash());
  summary.mutable_plan()->set_threshold(threshold);
}

// Of machines that differ nothing is said but the ratios.
void SetVerdicts(std::vector<Judgement>& judgements, bool same_machine,
                 const std::vector<v1::SpeedComparison*>& comparisons) {
  SetVerdicts(absl::MakeSpan(judgements));
  for (size_t i = 0; i < judgements.size(); ++i) {
    if (!same_machine) {
      judgements[i].verdict = Verdict::kUntrusted;
      judgements[i].reason = "measured on different machines: a ratio only";
    }
    SetJudgement(judgements[i], *comparisons[i]);
  }
}

}  // namespace

absl::StatusOr<v1::CompareRunsResponse> CompareRuns(const v1::BenchmarkRun& base, const v1::BenchmarkRun& head,
                                                    bool force, double threshold) {
  if (!(threshold >= 0 && threshold <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("threshold is ", threshold, "; it must be from 0 to 1"));
  }
  if (threshold == 0) threshold = kUsualThreshold;
  for (const v1::BenchmarkRun* const run : {&base, &head}) {
    if (absl::Status status = CheckTimes(*run); !status.ok()) return status;
  }
  const bool same_machine = base.fingerprint_hash() == head.fingerprint_hash();
  if (!same_machine && !force) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the first run has the fingerprint ", base.fingerprint_hash(), ", the second ", head.fingerprint_hash(),
        "; times of different machines say nothing: give force for ratios alone"));
  }
  v1::CompareRunsResponse response;
  SetSummary(base, head, threshold, *response.mutable_summary());
  const Cases base_cases = CasesOf(base);
  const Cases head_cases = CasesOf(head);
  std::vector<Judgement> judgements;
  std::vector<v1::SpeedComparison*> compared;
  response.mutable_comparisons()->Reserve(base.results_size());
  for (const v1::BenchmarkResult& result : base.results()) {
    const v1::BenchmarkResult* const other = Find(result, base_cases, head_cases);
    if (other == nullptr) {
      response.add_only_in_base(result.name());
      continue;
    }
    v1::SpeedComparison& comparison = *response.add_comparisons();
    comparison = Describe(result, *other);
    if (comparison.outcome() != v1::OUTCOME_MEASURED) continue;
    judgements.push_back(Estimate(TimesOf(result, *other), threshold));
    compared.push_back(&comparison);
  }
  for (const v1::BenchmarkResult& result : head.results()) {
    if (Find(result, head_cases, base_cases) == nullptr) response.add_only_in_head(result.name());
  }
  if (response.comparisons().empty()) {
    return absl::FailedPreconditionError(absl::StrCat("the runs have no case in common: the first has ",
                                                      base.results_size(), ", the second ", head.results_size()));
  }
  SetVerdicts(judgements, same_machine, compared);
  return response;
}

}  // namespace actbench
