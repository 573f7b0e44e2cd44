// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/case_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "kernels/measure/case_buffers.h"
#include "kernels/measure/thread_team.h"
#include "tests/bench_fixture.h"

namespace actbench {
namespace {

// Short, so that tests are: their times mean nothing.
constexpr CasePlan kShort = {.min_processes = 2,
                             .max_processes = 3,
                             .max_relative_width = -1,  // never narrow enough
                             .process_time = std::chrono::milliseconds(10)};

void RunToEnd(CaseRun& run) {
  while (!run.done()) run.Step(std::chrono::seconds(1), [] { return false; });
}

// Of x, which `benchmark` is timed with, each `period` elements are those before them.
void ExpectRepeated(const BenchmarkCase& benchmark, size_t period) {
  const absl::StatusOr<CaseBuffers> buffers = CaseBuffers::Make(benchmark, 1);
  ASSERT_TRUE(buffers.ok()) << buffers.status();
  const auto* const x = static_cast<const float*>(buffers->inputs()[0]);
  const float* const end = x + benchmark.MostElements();
  EXPECT_TRUE(std::equal(x + period, end, x));
  EXPECT_NE(std::vector<float>(x, x + 2), std::vector<float>(2, x[0])) << "nothing was drawn or given";
}

TEST(CaseBuffersTest, SamplesAreRepeatedAfterTheFirst65536) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  benchmark.elements = 3 * 65536 + 5;
  ExpectRepeated(benchmark, 65536);
}

TEST(CaseBuffersTest, GivenElementsAreRepeatedForARivalThatComputesMore) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  std::vector<float> x(benchmark.elements);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  benchmark.given = {std::string(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float))};
  benchmark.rivals = {{.kernel = benchmark.kernel, .work = 3.5}};
  ExpectRepeated(benchmark, benchmark.elements);
}

TEST(CaseRunTest, EveryProcessGivesAMedian) {
  CasePlan plan = kShort;
  plan.error_samples = 1000;
  CaseRun run(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  ASSERT_TRUE(run.status().ok()) << run.status();
  const CaseResult result = run.Result();
  EXPECT_EQ(result.process_medians_ns.size(), 3u);
  EXPECT_GT(result.min_ns, 0);
  EXPECT_LE(result.min_ns, result.median_ns);
  ASSERT_TRUE(result.median_interval.has_value());
  EXPECT_LE(result.median_interval->low, result.median_ns);
  EXPECT_LE(result.median_ns, result.median_interval->high);
  EXPECT_LE(result.p90_ns, result.p99_ns);
  EXPECT_GT(result.copy_ns, 0);
  EXPECT_GT(result.samples, 0);
  EXPECT_GT(result.clock_ghz, 0.1);
  ASSERT_TRUE(result.error.has_value());
  EXPECT_LT(result.error->max_ulp, 2);
  EXPECT_EQ(run.processes_done(), 3);
}

TEST(CaseRunTest, ItEndsAsSoonAsTheMedianIsKnown) {
  CasePlan plan = kShort;
  plan.max_relative_width = 1e9;
  plan.max_processes = 100;
  CaseRun run(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  ASSERT_TRUE(run.status().ok()) << run.status();
  EXPECT_EQ(run.Result().process_medians_ns.size(), 2u);
  EXPECT_TRUE(run.Result().converged);
}

TEST(CaseRunTest, OneProcessSaysNothingOfOthers) {
  CasePlan plan = kShort;
  plan.max_relative_width = 1e9;
  plan.min_processes = plan.max_processes = 1;
  CaseRun one(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  RunToEnd(one);
  ASSERT_TRUE(one.status().ok()) << one.status();
  EXPECT_FALSE(one.Result().median_interval.has_value());
  EXPECT_FALSE(one.Result().converged);
  plan.max_processes = 3;
  CaseRun more(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  RunToEnd(more);
  EXPECT_EQ(more.Result().process_medians_ns.size(), 2u);
  EXPECT_TRUE(more.Result().converged);
}

TEST(CaseRunTest, RivalsGiveARatioInEveryProcess) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  const Kernel* const exact =
      *Catalog::Default().FindKernel("sigmoid", Direction::kForward, Dtype::kF32, {.tier = "exact", .isa = "scalar"});
  benchmark.rivals = {{.kernel = benchmark.kernel}, {.kernel = exact, .work = 2.5}};
  for (const CacheState cache : {CacheState::kHot, CacheState::kCold}) {
    benchmark.cache = cache;
    CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
    RunToEnd(run);
    ASSERT_TRUE(run.status().ok()) << run.status();
    const CaseResult result = run.Result();
    ASSERT_EQ(result.process_ratios.size(), 2u);
    for (const std::vector<double>& ratios : result.process_ratios) {
      ASSERT_EQ(ratios.size(), 3u);
      for (const double ratio : ratios) EXPECT_GT(ratio, 0);
    }
  }
}

TEST(CaseRunTest, MoreProcessesCanBeAskedForAfterwards) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  benchmark.rivals = {{.kernel = benchmark.kernel}};
  CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  ASSERT_EQ(run.processes_done(), 3);
  run.MeasureMore(2);
  EXPECT_FALSE(run.done());
  RunToEnd(run);
  ASSERT_TRUE(run.status().ok()) << run.status();
  EXPECT_EQ(run.processes_done(), 5);
  EXPECT_EQ(run.Result().process_ratios[0].size(), 5u);
}

TEST(CaseRunTest, MoreProcessesAreMeasuredAlsoWhereTheFirstWereEnough) {
  CasePlan plan = kShort;
  plan.max_relative_width = 1e9;
  CaseRun run(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  ASSERT_EQ(run.processes_done(), 2);
  run.MeasureMore(3);
  RunToEnd(run);
  EXPECT_EQ(run.processes_done(), 5);
  EXPECT_EQ(run.processes_left(), 0);
}

TEST(CaseRunTest, GivenInputsAreRepeatedForARivalThatComputesMore) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  benchmark.given = {std::string(4000, '\0')};
  benchmark.rivals = {{.kernel = benchmark.kernel, .work = 3}};
  EXPECT_EQ(benchmark.MostElements(), 3000u);
  CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  EXPECT_TRUE(run.status().ok()) << run.status();
}

TEST(CaseRunTest, EveryKindOfCaseCanBeMeasured) {
  BenchmarkCase cold = CaseOf("sigmoid");
  cold.cache = CacheState::kCold;
  BenchmarkCase in_place = CaseOf("elu");
  in_place.in_place = true;
  BenchmarkCase gated = CaseOf("swiglu", Direction::kGradient);
  BenchmarkCase given = CaseOf("sigmoid");
  given.given = {std::string(4000, '\0')};
  BenchmarkCase threads = CaseOf("sigmoid");
  threads.elements = 10000;
  threads.threads = static_cast<int>(AllowedCpus().size());
  for (const BenchmarkCase& benchmark : {cold, in_place, gated, given, threads}) {
    CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
    RunToEnd(run);
    EXPECT_TRUE(run.status().ok()) << benchmark.Text() << ": " << run.status();
    EXPECT_GT(run.Result().min_ns, 0) << benchmark.Text();
  }
}

TEST(CaseRunTest, SlicesBesideOtherWorkAreMeasuredAgainAndFlaggedWhenThatDoesNotHelp) {
  CasePlan plan = kShort;
  plan.process_time = std::chrono::milliseconds(100);
  CaseRun run(CaseOf("sigmoid"), plan, {.path = WorkerBesideThisProgram()});
  while (!run.done()) run.Step(std::chrono::milliseconds(0), [] { return true; });
  ASSERT_TRUE(run.status().ok()) << run.status();
  EXPECT_EQ(run.Result().discarded.at("other_work"), 2) << "of three planned at most a half, rounded up";
  EXPECT_EQ(run.Result().disturbed, std::vector<std::string>{"other_work"});
}

TEST(CaseRunTest, AWorkerThatCrashesCostsItsCaseAndSaysHow) {
  CaseRun run(CaseOf("sigmoid"), kShort,
              {.path = Script("read task; echo '{\"ready\":true}' >&0; read more; kill -ILL $$")});
  RunToEnd(run);
  EXPECT_TRUE(absl::IsAborted(run.status()));
  EXPECT_EQ(run.status().message(), "the worker was ended by signal 4 (Illegal instruction)");
}

TEST(CaseRunTest, AWorkerThatHangsIsEnded) {
  CasePlan plan = kShort;
  plan.patience = std::chrono::milliseconds(50);
  CaseRun run(CaseOf("sigmoid"), plan, {.path = Script("exec sleep 600")});
  RunToEnd(run);
  EXPECT_TRUE(absl::IsDeadlineExceeded(run.status()));
  EXPECT_EQ(run.status().message(), "the worker has said nothing for 50 ms and was ended");
}

TEST(CaseRunTest, AWorkerThatMeasuresForLongDoesNotCountAsHanging) {
  CasePlan plan = kShort;
  plan.max_processes = 1;
  plan.min_processes = 1;
  plan.error_samples = 10;
  plan.patience = std::chrono::milliseconds(2000);
  const std::string slice =
      R"({"ns_per_call":[5],"ratios":[],"copy_ns":1,"calls_per_sample":1,"clock_ghz":1,"gpu_throttled":false,"noise":{"elapsed_s":1,"steal_ratio":null,)"
      R"("pressure_ratio":null,"throttled_periods":null,"involuntary_switches":0,"minor_faults":0,"major_faults":0}})";
  CaseRun run(
      CaseOf("sigmoid"), plan,
      {.path = Script("read task; echo '{\"ready\":true}' >&0; read run; echo '" + slice +
                      "' >&0; read error; for i in 1 2 3 4 5 6; do sleep 0.5; echo '{\"busy\":true}' >&0; done; "
                      "echo '{\"max_ulp\":0.5,\"checked\":10,\"misrounded\":3,\"output_hash\":7}' >&0; read end")});
  RunToEnd(run);
  ASSERT_TRUE(run.status().ok()) << run.status();
  EXPECT_EQ(run.Result().error->max_ulp, 0.5);
}

TEST(CaseRunTest, ACaseThatCannotBeSaysWhy) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  benchmark.threads = 1000;
  CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  EXPECT_TRUE(absl::IsInvalidArgument(run.status())) << run.status();
}

TEST(CaseRunTest, OnTheCpuNothingIsLaunched) {
  BenchmarkCase benchmark = CaseOf("sigmoid");
  benchmark.launch = LaunchTime::kAlone;
  CaseRun run(benchmark, kShort, {.path = WorkerBesideThisProgram()});
  RunToEnd(run);
  EXPECT_TRUE(absl::IsUnimplemented(run.status())) << run.status();
}

TEST(CaseRunTest, StopEndsItAtOnce) {
  CaseRun run(CaseOf("sigmoid"), kShort, {.path = Script("exec sleep 600")});
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    run.Stop();
  });
  RunToEnd(run);
  stopper.join();
  EXPECT_TRUE(absl::IsCancelled(run.status())) << run.status();
}

TEST(CaseRunTest, WhatSlowsAllSamplesDownDisturbs) {
  Slice slice;
  slice.clock_ghz = 3;
  EXPECT_EQ(Disturbance(slice, 3.1), "");
  EXPECT_EQ(Disturbance(slice, 3.3), "slow_clock");
  slice.noise.involuntary_switches = 1000;
  slice.noise.pressure_ratio = 0.9;
  EXPECT_EQ(Disturbance(slice, 3), "") << "what takes few samples";
  slice.noise.steal_ratio = 0.1;
  EXPECT_EQ(Disturbance(slice, 3), "steal");
  slice.gpu_throttled = true;
  EXPECT_EQ(Disturbance(slice, 3), "gpu_throttled");
  slice.noise.throttled_periods = 1;
  EXPECT_EQ(Disturbance(slice, 3), "throttled");
}

}  // namespace
}  // namespace actbench
