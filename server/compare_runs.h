// SPDX-License-Identifier: Apache-2.0
// Compares two benchmark runs that were measured one after the other. Tested by compare_runs_test.cc.
#ifndef ACTBENCH_SERVER_COMPARE_RUNS_H_
#define ACTBENCH_SERVER_COMPARE_RUNS_H_

#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"

namespace actbench {

// As CompareRuns in benchmark.proto; a threshold of 0 is the usual one.
absl::StatusOr<v1::CompareRunsResponse> CompareRuns(const v1::BenchmarkRun& base, const v1::BenchmarkRun& head,
                                                    bool force, double threshold);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_COMPARE_RUNS_H_
