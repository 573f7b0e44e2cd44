// SPDX-License-Identifier: Apache-2.0
// Benchmark results as messages of benchmark.proto. Tested by benchmark_job_test.cc and benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_CONVERT_H_
#define ACTBENCH_SERVER_BENCHMARK_CONVERT_H_

#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"

namespace actbench {

// How a case that is done ended, and what it gave.
void SetOutcome(const CaseRun& run, v1::BenchmarkResult& result);

// The plan with what was not given filled in.
v1::BenchmarkPlan ToProto(const CasePlan& plan);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_CONVERT_H_
