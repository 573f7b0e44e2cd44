// SPDX-License-Identifier: Apache-2.0
// Checks requests for benchmark runs and finds everything that is needed to make them. Tested by
// benchmark_plan_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_PLAN_H_
#define ACTBENCH_SERVER_BENCHMARK_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/catalog.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/case_run.h"
#include "server/limits.h"

namespace actbench {

inline constexpr int32_t kMaxProcesses = 1000;
inline constexpr int32_t kMaxProcessMs = 3'600'000;

struct PlannedCase {
  v1::BenchmarkResult result;              // what is known of it before it is measured
  std::optional<BenchmarkCase> benchmark;  // none: it is skipped, as the result says
  size_t group = 0;                        // those of one, which follow each other, are measured in turns
};

struct BenchmarkPlan {
  std::vector<PlannedCase> cases;
  CasePlan each;
  std::string name;
};

// The status is the call's, with the codes that BenchmarkService lists. What is known, but not possible here, costs its
// case alone.
absl::StatusOr<BenchmarkPlan> PlanBenchmark(const v1::RunBenchmarkRequest& request, const Catalog& catalog,
                                            const Limits& limits);

// Whether it has the size that its working set stands for, as if that and no number of elements had been asked for.
bool HasSizeOfWorkingSet(const BenchmarkCase& benchmark);

// What plans of other kinds share with it: one case, whether it has room, whether there are at most as many as are
// allowed and at least one, an error of case number `i`, and whether the cases are all different.
absl::StatusOr<PlannedCase> PlanCase(const v1::BenchmarkCase& request, const Catalog& catalog, const Limits& limits);
absl::Status CheckMemory(const BenchmarkCase& benchmark, const Limits& limits);
absl::Status CheckCaseCount(int count, const Limits& limits);
absl::Status InCase(int i, const absl::Status& status);
class UniqueCases {
 public:
  // INVALID_ARGUMENT if there was one of that name.
  absl::Status Add(int i, const std::string& name);

 private:
  std::map<std::string, int, std::less<>> places_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_PLAN_H_
