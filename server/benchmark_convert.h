// SPDX-License-Identifier: Apache-2.0
// Benchmark results as messages of benchmark.proto. Tested by benchmark_job_test.cc and benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_CONVERT_H_
#define ACTBENCH_SERVER_BENCHMARK_CONVERT_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "server/metrics.h"

namespace actbench {

// How a case ended that is done with this status.
v1::Outcome OutcomeOf(const absl::Status& status);

void SetNoise(const CaseResult& result, v1::BenchmarkNoise& noise);
void SetTime(absl::Time time, google::protobuf::Timestamp& out);
// When a run was completed.
absl::Time EndOf(const v1::BenchmarkRun& run);

// For the metrics: how a case ended, and what was measured again.
CaseOutcome CaseOutcomeOf(v1::Outcome outcome);
void CountDiscarded(const v1::BenchmarkNoise& noise, Metrics& metrics);

// How a case that is done ended, and what it gave.
void SetOutcome(const CaseRun& run, v1::BenchmarkResult& result);

// The plan with what was not given filled in.
v1::BenchmarkPlan ToProto(const CasePlan& plan);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_CONVERT_H_
