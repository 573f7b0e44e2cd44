// SPDX-License-Identifier: Apache-2.0
// Checks requests for paired benchmarks and finds everything that is needed to make them. Tested by
// paired_plan_test.cc.
#ifndef ACTBENCH_SERVER_PAIRED_PLAN_H_
#define ACTBENCH_SERVER_PAIRED_PLAN_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/catalog.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/case_run.h"
#include "kernels/measure/verdict.h"
#include "server/limits.h"

namespace actbench {

// The rivals of a planned pair, in this order; the last only where it is asked for.
enum PairedRival : size_t { kHead = 0, kControl = 1, kInjected = 2, kLayout = 3 };

struct PlannedPair {
  v1::SpeedComparison result;              // what is known of it before it is measured
  std::optional<BenchmarkCase> benchmark;  // of the base kernel, with rivals; none: it is skipped, as the result says
};

struct PairedPlan {
  std::vector<PlannedPair> pairs;
  CasePlan each;  // of a first pass, whose processes are as many as are never left out
  int max_processes = kMostProcesses;
  double threshold = kPairedThreshold;
  absl::Duration time = absl::Seconds(300);  // after which nothing is added
};

// The status is the call's, with the codes that BenchmarkService lists. What is known, but not possible here, costs its
// pair alone.
absl::StatusOr<PairedPlan> PlanPairedBenchmark(const v1::RunPairedBenchmarkRequest& request, const Catalog& catalog,
                                               const Limits& limits);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PAIRED_PLAN_H_
