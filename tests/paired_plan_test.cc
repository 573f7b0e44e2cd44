// SPDX-License-Identifier: Apache-2.0
#include "server/paired_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/benchmark_fixture.h"

namespace actbench {
namespace {

absl::StatusOr<PairedPlan> Plan(const v1::RunPairedBenchmarkRequest& request, const Limits& limits = {}) {
  return PlanPairedBenchmark(request, Catalog::Default(), limits);
}

v1::RunPairedBenchmarkRequest Request() {
  v1::RunPairedBenchmarkRequest request;
  *request.add_cases() = MakePair("sigmoid", "exact");
  return request;
}

TEST(PairedPlanTest, WhatIsNotGivenIsTheUsual) {
  const absl::StatusOr<PairedPlan> plan = Plan(Request());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->each.min_processes, 16);
  EXPECT_EQ(plan->each.max_processes, 16);
  EXPECT_EQ(plan->max_processes, 64);
  EXPECT_EQ(plan->each.process_time, std::chrono::milliseconds(300));
  EXPECT_EQ(plan->threshold, 0.03);
  EXPECT_EQ(plan->time, absl::Seconds(300));
}

TEST(PairedPlanTest, ACaseHasItsControlsForRivals) {
  v1::RunPairedBenchmarkRequest request = Request();
  request.mutable_plan()->set_threshold(0.06);
  absl::StatusOr<PairedPlan> plan = Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const BenchmarkCase& benchmark = *plan->pairs.at(0).benchmark;
  EXPECT_EQ(benchmark.kernel->tier, "fast");
  ASSERT_EQ(benchmark.rivals.size(), 3u);
  EXPECT_EQ(benchmark.rivals[kHead].kernel->tier, "exact");
  EXPECT_EQ(benchmark.rivals[kHead].work, 1);
  EXPECT_EQ(benchmark.rivals[kControl].kernel, benchmark.kernel);
  EXPECT_EQ(benchmark.rivals[kInjected].kernel, benchmark.kernel);
  EXPECT_DOUBLE_EQ(benchmark.rivals[kInjected].work, 1.1);
  EXPECT_EQ(plan->pairs[0].result.base().name(), benchmark.kernel->Name());
  EXPECT_EQ(plan->pairs[0].result.head().name(), benchmark.rivals[kHead].kernel->Name());
  request.mutable_cases(0)->mutable_control()->set_provider("libm");
  request.mutable_cases(0)->mutable_layout()->set_tier("exact");
  plan = Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->pairs[0].benchmark->rivals.size(), 4u);
  EXPECT_EQ(plan->pairs[0].benchmark->rivals[kControl].kernel->provider, "libm");
  EXPECT_EQ(plan->pairs[0].benchmark->rivals[kLayout].kernel->tier, "exact");
}

TEST(PairedPlanTest, WhatIsNotPossibleHereCostsItsPairAlone) {
  v1::RunPairedBenchmarkRequest request = Request();
  *request.add_cases() = MakePair("sigmoid", "exact");
  request.mutable_cases(1)->mutable_base()->set_dtype(v1::DTYPE_F64);
  const absl::StatusOr<PairedPlan> plan = Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->pairs[0].benchmark.has_value());
  EXPECT_FALSE(plan->pairs[1].benchmark.has_value());
  EXPECT_EQ(plan->pairs[1].result.outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_NE(plan->pairs[1].result.message(), "");
}

TEST(PairedPlanTest, WhatIsTooSmallForAddedWorkIsSkipped) {
  v1::RunPairedBenchmarkRequest request = Request();
  request.mutable_cases(0)->mutable_base()->set_elements(9);
  const absl::StatusOr<PairedPlan> plan = Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->pairs[0].result.outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_THAT(plan->pairs[0].result.message(), testing::HasSubstr("elements is 9, to which no 5 % can be added"));
}

TEST(PairedPlanTest, TheAddedWorkNeedsRoomToo) {
  v1::RunPairedBenchmarkRequest request = Request();
  Limits limits;
  limits.benchmark_bytes = 8 * 1049;
  EXPECT_TRUE(absl::IsResourceExhausted(Plan(request, limits).status()));
  limits.benchmark_bytes = 8 * 1050;
  EXPECT_TRUE(Plan(request, limits).ok());
}

TEST(PairedPlanTest, MistakesAreToldWithWhatIsAllowed) {
  const auto expect = [](const v1::RunPairedBenchmarkRequest& request, absl::StatusCode code, const std::string& part,
                         const Limits& limits = {}) {
    const absl::Status status = Plan(request, limits).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(part));
  };
  expect({}, absl::StatusCode::kInvalidArgument, "at least 1 is needed");
  v1::RunPairedBenchmarkRequest request = Request();
  request.mutable_plan()->set_processes(5);
  expect(request, absl::StatusCode::kInvalidArgument, "must be from 8 to 1000");
  request.mutable_plan()->set_processes(20);
  request.mutable_plan()->set_max_processes(10);
  expect(request, absl::StatusCode::kInvalidArgument, "plan.processes is 20 and plan.max_processes is 10");
  for (const double threshold : {-1.0, 0.0001, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    request = Request();
    request.mutable_plan()->set_threshold(threshold);
    expect(request, absl::StatusCode::kInvalidArgument, "plan.threshold is");
  }
  for (const double seconds : {-1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    request = Request();
    request.mutable_plan()->set_seconds(seconds);
    expect(request, absl::StatusCode::kInvalidArgument, "--max_benchmark_seconds");
  }
  request = Request();
  request.mutable_plan()->set_process_ms(-1);
  expect(request, absl::StatusCode::kInvalidArgument, "plan.process_ms is -1");
  request = Request();
  request.mutable_cases(0)->mutable_head()->set_provider("nobody");
  expect(request, absl::StatusCode::kNotFound, "cases[0]: ");
  request = Request();
  *request.add_cases() = request.cases(0);
  expect(request, absl::StatusCode::kInvalidArgument, "are the same: sigmoid/forward/f32/actbench/fast/scalar/n:1000");
  Limits limits;
  limits.benchmark_seconds = 3;
  expect(Request(), absl::StatusCode::kResourceExhausted, "the first pass would take 6 s; at most 3 s", limits);
  limits = {};
  limits.benchmark_cases = 0;
  expect(Request(), absl::StatusCode::kResourceExhausted, "--max_benchmark_cases", limits);
}

}  // namespace
}  // namespace actbench
