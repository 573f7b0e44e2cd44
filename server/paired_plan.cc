// SPDX-License-Identifier: Apache-2.0
#include "server/paired_plan.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/benchmark_plan.h"
#include "server/convert.h"
#include "server/request_checks.h"

namespace actbench {
namespace {

constexpr double kLeastThreshold = 0.001;
constexpr double kMostThreshold = 1;

absl::StatusOr<PairedPlan> PlanEach(const v1::PairedPlan& request, const Limits& limits) {
  PairedPlan plan;
  plan.each.process_time = std::chrono::milliseconds(300);
  const int32_t processes = request.processes() == 0 ? kFirstProcesses : request.processes();
  plan.max_processes = request.max_processes() == 0 ? std::max(plan.max_processes, processes) : request.max_processes();
  plan.each.min_processes = plan.each.max_processes = processes;
  if (processes < kFewestProcesses || processes > plan.max_processes || plan.max_processes > kMaxProcesses) {
    return absl::InvalidArgumentError(absl::StrCat("plan.processes is ", processes, " and plan.max_processes is ",
                                                   plan.max_processes, "; they must be from ", kFewestProcesses, " to ",
                                                   kMaxProcesses, ", and the second at least the first"));
  }
  if (request.process_ms() < 0 || request.process_ms() > kMaxProcessMs) {
    return absl::InvalidArgumentError(
        absl::StrCat("plan.process_ms is ", request.process_ms(), "; it must be from 0 to ", kMaxProcessMs));
  }
  if (request.process_ms() > 0) plan.each.process_time = std::chrono::milliseconds(request.process_ms());
  if (request.threshold() != 0) plan.threshold = request.threshold();
  if (!(plan.threshold >= kLeastThreshold && plan.threshold <= kMostThreshold)) {
    return absl::InvalidArgumentError(absl::StrCat("plan.threshold is ", plan.threshold, "; it must be from ",
                                                   kLeastThreshold, " to ", kMostThreshold, ", or 0 for 0.03"));
  }
  const auto most = static_cast<double>(limits.benchmark_seconds);
  if (!(request.seconds() >= 0 && request.seconds() <= most)) {
    return absl::InvalidArgumentError(absl::StrCat("plan.seconds is ", request.seconds(), "; it must be from 0 to ",
                                                   limits.benchmark_seconds, " (--max_benchmark_seconds)"));
  }
  if (request.seconds() > 0) plan.time = absl::Seconds(request.seconds());
  plan.time = std::min(plan.time, absl::Seconds(limits.benchmark_seconds));
  return plan;
}

// Adds the kernel of the selector, with so much work. UNIMPLEMENTED if it is known, but not possible here.
absl::Status AddRival(const v1::KernelSelector& selector, double work, const Catalog& catalog,
                      BenchmarkCase& benchmark) {
  if (absl::Status status = CheckSelectorNames(selector); !status.ok()) return status;
  const absl::StatusOr<const Kernel*> kernel = catalog.FindKernel(
      benchmark.activation->name, benchmark.kernel->direction, benchmark.kernel->dtype, FromProto(selector));
  if (!kernel.ok()) return kernel.status();
  if (absl::Status status = Prepare(**kernel, benchmark.parameters).status(); !status.ok()) return status;
  benchmark.rivals.push_back({.kernel = *kernel, .work = work});
  return absl::OkStatus();
}

absl::Status AddRivals(const v1::PairedCase& request, double threshold, const Catalog& catalog,
                       BenchmarkCase& benchmark) {
  const Kernel* const base = benchmark.kernel;
  absl::Status status = AddRival(request.head(), 1, catalog, benchmark);
  if (status.ok() && request.has_control()) status = AddRival(request.control(), 1, catalog, benchmark);
  if (!request.has_control()) benchmark.rivals.push_back({.kernel = base, .work = 1});
  benchmark.rivals.push_back({.kernel = base, .work = InjectedWork(threshold)});
  if (status.ok() && request.has_layout()) status = AddRival(request.layout(), 1, catalog, benchmark);
  return status;
}

// Whether the added work is any.
absl::Status CheckInjected(const BenchmarkCase& benchmark) {
  const Rival& injected = benchmark.rivals[kInjected];
  if (benchmark.ElementsOf(injected) > benchmark.elements) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("elements is ", benchmark.elements, ", to which no ", (injected.work - 1) * 100,
                   " % can be added, so that a difference of the threshold could not be seen; give more"));
}

absl::StatusOr<PlannedPair> PlanPair(const v1::PairedCase& request, double threshold, const Catalog& catalog,
                                     const Limits& limits) {
  absl::StatusOr<PlannedCase> base = PlanCase(request.base(), catalog, limits);
  if (!base.ok()) return base.status();
  PlannedPair pair;
  pair.result.set_name(base->result.name());
  *pair.result.mutable_base() = base->result.kernel();
  pair.result.set_elements(base->result.elements());
  pair.result.set_outcome(v1::OUTCOME_SKIPPED);
  pair.result.set_message(base->result.message());
  if (!base->benchmark.has_value()) return pair;
  absl::Status status = AddRivals(request, threshold, catalog, *base->benchmark);
  if (status.ok()) status = CheckInjected(*base->benchmark);
  if (status.ok()) status = CheckMemory(*base->benchmark, limits);
  if (absl::IsUnimplemented(status)) {
    pair.result.set_message(std::string(status.message()));
    return pair;
  }
  if (!status.ok()) return status;
  ToProto(*base->benchmark->rivals[kHead].kernel, *pair.result.mutable_head());
  pair.result.clear_outcome();
  pair.benchmark = std::move(base->benchmark);
  return pair;
}

absl::Status CheckTime(const PairedPlan& plan, const Limits& limits) {
  const auto pairs = std::count_if(plan.pairs.begin(), plan.pairs.end(),
                                   [](const PlannedPair& pair) { return pair.benchmark.has_value(); });
  const double seconds = std::chrono::duration<double>(ProcessDuration(plan.each)).count() * plan.each.max_processes *
                         static_cast<double>(pairs);
  if (seconds <= static_cast<double>(limits.benchmark_seconds)) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the first pass would take ", std::ceil(seconds), " s; at most ",
                                                   limits.benchmark_seconds,
                                                   " s are allowed (--max_benchmark_seconds); ask for fewer cases or "
                                                   "processes at a time"));
}

}  // namespace

absl::StatusOr<PairedPlan> PlanPairedBenchmark(const v1::RunPairedBenchmarkRequest& request, const Catalog& catalog,
                                               const Limits& limits) {
  if (absl::Status status = CheckCaseCount(request.cases_size(), limits); !status.ok()) return status;
  absl::StatusOr<PairedPlan> plan = PlanEach(request.plan(), limits);
  if (!plan.ok()) return plan.status();
  UniqueCases unique;
  for (int i = 0; i < request.cases_size(); ++i) {
    absl::StatusOr<PlannedPair> pair = PlanPair(request.cases(i), plan->threshold, catalog, limits);
    if (!pair.ok()) return InCase(i, pair.status());
    const std::string head = pair->result.head().name();
    if (absl::Status status = unique.Add(i, absl::StrCat(pair->result.name(), " with ", head)); !status.ok()) {
      return status;
    }
    plan->pairs.push_back(*std::move(pair));
  }
  if (absl::Status status = CheckTime(*plan, limits); !status.ok()) return status;
  return plan;
}

}  // namespace actbench
