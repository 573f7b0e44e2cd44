// SPDX-License-Identifier: Apache-2.0
// Comparisons as messages of benchmark.proto. Tested by paired_service_test.cc and compare_runs_test.cc.
#ifndef ACTBENCH_SERVER_PAIRED_CONVERT_H_
#define ACTBENCH_SERVER_PAIRED_CONVERT_H_

#include "actbench/v1/benchmark.pb.h"
#include "kernels/measure/case_run.h"
#include "kernels/measure/verdict.h"
#include "server/paired_plan.h"

namespace actbench {

// Of a case with the rivals of a PlannedPair.
PairedRatios RatiosOf(const CaseResult& result);

// Of a pair that is done: how the first pass ended, and what it gave.
void SetFirstPass(const CaseRun& run, const Judgement& judgement, v1::SpeedComparison& comparison);
// Of one that was slower in the first pass: whether it is in the second.
void SetSecondPass(const CaseRun& run, const Judgement& judgement, v1::SpeedComparison& comparison);

// The other way round: REQUIRES: it is one.
Verdict VerdictOf(v1::Verdict verdict);

// All but the times.
void SetJudgement(const Judgement& judgement, v1::SpeedComparison& comparison);

// The plan with what was not given filled in.
v1::PairedPlan ToProto(const PairedPlan& plan);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PAIRED_CONVERT_H_
