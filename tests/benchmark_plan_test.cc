// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/measure/host.h"
#include "tests/benchmark_fixture.h"
#include "tests/fake_gpu.h"

namespace actbench {
namespace {

absl::StatusOr<BenchmarkPlan> Plan(const v1::RunBenchmarkRequest& request, const Limits& limits = {}) {
  return PlanBenchmark(request, Catalog::Default(), limits);
}

v1::BenchmarkCase BareCase() {
  v1::BenchmarkCase benchmark = MakeCase("sigmoid");
  benchmark.clear_size();
  return benchmark;
}

TEST(BenchmarkPlanTest, WhatIsNotGivenIsTheUsual) {
  v1::RunBenchmarkRequest request;
  *request.add_cases() = BareCase();
  const absl::StatusOr<BenchmarkPlan> plan = Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->each.min_processes, 8);
  EXPECT_EQ(plan->each.max_processes, 16);
  EXPECT_EQ(plan->each.process_time, std::chrono::milliseconds(150));
  EXPECT_EQ(plan->each.max_relative_width, 0.01);
  EXPECT_EQ(plan->each.error_samples, 0u);
  const BenchmarkCase& benchmark = *plan->cases.at(0).benchmark;
  EXPECT_EQ(benchmark.Bytes(), SizeBytes(WorkingSet::kL2, ReadCacheSizes()));
  EXPECT_EQ(benchmark.cache, CacheState::kHot);
  EXPECT_EQ(benchmark.distribution, Distribution::kNormal);
  EXPECT_EQ(benchmark.threads, 1);
  EXPECT_EQ(plan->cases.at(0).result.launch(), "none");
}

TEST(BenchmarkPlanTest, ASizeIsThatOfItsWorkingSetOrAnother) {
  v1::BenchmarkCase benchmark = BareCase();
  for (const std::string_view set : {"l1", "l2", "l3"}) {
    benchmark.set_working_set(std::string(set));
    const BenchmarkCase of_set = *Plan(MakeRun({benchmark}))->cases.at(0).benchmark;
    EXPECT_TRUE(HasSizeOfWorkingSet(of_set)) << set;
    v1::BenchmarkCase same = BareCase();
    same.set_elements(static_cast<int64_t>(of_set.elements));
    EXPECT_TRUE(HasSizeOfWorkingSet(*Plan(MakeRun({same}))->cases.at(0).benchmark)) << set;
    same.set_elements(static_cast<int64_t>(of_set.elements) + 1);
    EXPECT_FALSE(HasSizeOfWorkingSet(*Plan(MakeRun({same}))->cases.at(0).benchmark)) << set;
  }
}

TEST(BenchmarkPlanTest, EveryFieldArrives) {
  v1::BenchmarkCase benchmark = MakeCase("torch:SiLU");
  benchmark.set_direction(v1::DIRECTION_GRADIENT);
  benchmark.set_dtype(v1::DTYPE_F64);
  benchmark.set_working_set("l1");
  benchmark.set_cache("cold");
  benchmark.set_distribution("tails");
  benchmark.set_seed(3);
  benchmark.set_threads(1);
  benchmark.set_in_place(true);
  const absl::StatusOr<BenchmarkPlan> plan = Plan(MakeRun({benchmark}));
  ASSERT_TRUE(plan.ok()) << plan.status();
  const std::string n = std::to_string(SizeBytes(WorkingSet::kL1, ReadCacheSizes()) / 24);
  EXPECT_EQ(plan->cases.at(0).result.name(),
            "silu/gradient/f64/actbench/fast/scalar/n:" + n + "/dist:tails/cache:cold/seed:3/in_place");
  EXPECT_EQ(plan->cases.at(0).result.working_set(), "l1");
  EXPECT_EQ(plan->each.max_processes, 2);
}

TEST(BenchmarkPlanTest, GivenInputsAreTheInputs) {
  v1::BenchmarkCase benchmark = BareCase();
  *benchmark.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(77));
  const absl::StatusOr<BenchmarkPlan> plan = Plan(MakeRun({benchmark}));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->cases.at(0).benchmark->elements, 77u);
  EXPECT_EQ(plan->cases.at(0).benchmark->given.at(0), benchmark.inputs(0).data());
  EXPECT_EQ(plan->cases.at(0).result.distribution(), "given");
}

TEST(BenchmarkPlanTest, NeighboursOfOneActivationAndSizeAreAGroup) {
  v1::BenchmarkCase exact = MakeCase("sigmoid");
  exact.mutable_selector()->set_tier("exact");
  const absl::StatusOr<BenchmarkPlan> plan =
      Plan(MakeRun({MakeCase("sigmoid"), exact, MakeCase("sigmoid", 10), MakeCase("tanh", 10)}));
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<size_t> groups;
  for (const PlannedCase& planned : plan->cases) groups.push_back(planned.group);
  EXPECT_EQ(groups, (std::vector<size_t>{0, 0, 1, 2}));
}

TEST(BenchmarkPlanTest, FewerProcessesThanUsualAreTakenAtTheirWord) {
  v1::RunBenchmarkRequest request = MakeRun({MakeCase("sigmoid")});
  request.mutable_plan()->set_min_processes(0);
  request.mutable_plan()->set_max_processes(3);
  EXPECT_EQ(Plan(request)->each.min_processes, 3);
  request.mutable_plan()->set_min_processes(20);
  request.mutable_plan()->set_max_processes(0);
  EXPECT_EQ(Plan(request)->each.max_processes, 20);
}

struct Mistake {
  std::function<void(v1::RunBenchmarkRequest&)> make;
  absl::StatusCode code;
  std::vector<std::string> says;
};

TEST(BenchmarkPlanTest, MistakesSayWhatWasGivenAndWhatIsAllowed) {
  using Request = v1::RunBenchmarkRequest;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::string cpus = std::to_string(AvailableCpus());
  const std::vector<Mistake> mistakes = {
      {[](Request& r) { r.clear_cases(); }, kInvalid, {"cases has 0 elements", "at least 1"}},
      {[](Request& r) { r.mutable_cases(0)->set_activation("sigmoidd"); },
       absl::StatusCode::kNotFound,
       {"cases[0]", "sigmoidd", "sigmoid"}},
      {[](Request& r) { r.mutable_cases(0)->set_elements(0); }, kInvalid, {"there are 0 elements"}},
      {[](Request& r) { r.mutable_cases(0)->set_elements(int64_t{1} << 60); },
       absl::StatusCode::kResourceExhausted,
       {"1152921504606846976", "4294967296", "--max_benchmark_bytes"}},
      {[](Request& r) { r.mutable_cases(0)->set_working_set("l4"); }, kInvalid, {"l4", "l1, l2, l3, dram"}},
      {[](Request& r) { r.mutable_cases(0)->set_cache("warm"); }, kInvalid, {"warm", "hot, cold"}},
      {[](Request& r) { r.mutable_cases(0)->set_launch("twice"); }, kInvalid, {"twice", "none, alone, graph"}},
      {[](Request& r) { r.mutable_cases(0)->set_launch("graph"); },
       kInvalid,
       {"launch is \"graph\"", "sigmoid/forward/f32/actbench/fast/scalar runs on the CPU", "not launched"}},
      {[](Request& r) { r.mutable_cases(0)->set_distribution("cauchy"); }, kInvalid, {"cauchy", "normal"}},
      {[](Request& r) { r.mutable_cases(0)->set_threads(100000); }, kInvalid, {"threads is 100000", "to " + cpus}},
      {[](Request& r) { r.mutable_cases(0)->set_dtype(v1::DTYPE_UNSPECIFIED); }, kInvalid, {"dtype", "f32"}},
      {[](Request& r) { r.mutable_cases(0)->mutable_selector()->set_isa("avx9"); },
       absl::StatusCode::kNotFound,
       {"avx9", "scalar"}},
      {[](Request& r) { *r.mutable_cases(0)->add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(3)); },
       kInvalid,
       {"inputs are given, and a size"}},
      {[](Request& r) {
         r.mutable_cases(0)->clear_size();
         *r.mutable_cases(0)->add_inputs() = MakeTensor(v1::DTYPE_F64, std::vector<double>(3));
       },
       kInvalid,
       {"inputs[0].dtype is f64", "dtype is f32"}},
      {[](Request& r) { *r.add_cases() = r.cases(0); }, kInvalid, {"cases[1] and cases[0] are the same"}},
      {[](Request& r) { r.set_name(std::string(129, 'x')); }, kInvalid, {"name is \"xxx", "128"}},
      {[](Request& r) { r.mutable_plan()->set_min_processes(3); }, kInvalid, {"min_processes is 3", "which is 2"}},
      {[](Request& r) { r.mutable_plan()->set_process_ms(-1); }, kInvalid, {"process_ms is -1", "0 to 3600000"}},
      {[](Request& r) { r.mutable_plan()->set_max_relative_width(std::numeric_limits<double>::quiet_NaN()); },
       kInvalid,
       {"max_relative_width is nan"}},
      {[](Request& r) {
         r.mutable_plan()->set_max_processes(1000);
         r.mutable_plan()->set_process_ms(60000);
       },
       absl::StatusCode::kResourceExhausted,
       {"at most 7200 s", "--max_benchmark_seconds"}},
  };
  for (const Mistake& mistake : mistakes) {
    v1::RunBenchmarkRequest request = MakeRun({MakeCase("sigmoid")});
    mistake.make(request);
    const absl::Status status = Plan(request).status();
    EXPECT_EQ(status.code(), mistake.code) << status << "\n" << request.DebugString();
    for (const std::string& part : mistake.says) EXPECT_THAT(std::string(status.message()), testing::HasSubstr(part));
  }
}

TEST(BenchmarkPlanTest, NamesAreTextThatNoCommandTakesForSomethingElse) {
  v1::RunBenchmarkRequest request = MakeRun({MakeCase("sigmoid")});
  for (const std::string name : {"nightly", "a name", "2026-11-30_main@1f2e3d.4+b:c", "json", "actbench2"}) {
    request.set_name(name);
    EXPECT_TRUE(Plan(request).ok()) << name;
  }
  for (const auto& [name, quoted] :
       std::vector<std::pair<std::string, std::string>>{{"x\ny", R"("x\ny")"},
                                                        {"\x1b[31mred", R"("\033[31mred")"},
                                                        {"a/b", "\"a/b\""},
                                                        {"night.json", "\"night.json\""},
                                                        {"-", "\"-\""},
                                                        {"-a", "\"-a\""},
                                                        {"base.so", "\"base.so\""},
                                                        {"actbench", "\"actbench\""},
                                                        {"a ", "\"a \""},
                                                        {" a", "\" a\""},
                                                        {"\xc3\xa9", "\"\xc3\xa9\""}}) {
    request.set_name(name);
    const absl::Status status = Plan(request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), testing::StartsWith("name is " + quoted + "; it must have at most 128"));
  }
}

TEST(BenchmarkPlanTest, TooManyCasesAreRefused) {
  Limits limits;
  limits.benchmark_cases = 1;
  const absl::Status status = Plan(MakeRun({MakeCase("sigmoid"), MakeCase("tanh")}), limits).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

class GpuPlanTest : public testing::Test {
 protected:
  absl::StatusOr<BenchmarkPlan> PlanOf(const std::string& working_set, const std::string& launch = "") {
    v1::BenchmarkCase benchmark = BareCase();
    benchmark.set_activation("relu");
    benchmark.mutable_selector()->set_isa("");
    benchmark.mutable_selector()->set_device("cuda:0");
    benchmark.set_working_set(working_set);
    benchmark.set_launch(launch);
    return PlanBenchmark(MakeRun({benchmark}), gpu_.catalog(), {});
  }

  FakeGpu gpu_;
};

TEST_F(GpuPlanTest, ItHasTwoWorkingSets) {
  const size_t l2_bytes = static_cast<size_t>(gpu_.catalog().gpus()[0]->info().l2_bytes);
  for (const auto& [set, bytes] : {std::pair("l2", l2_bytes / 2), std::pair("dram", 4 * l2_bytes)}) {
    const absl::StatusOr<BenchmarkPlan> plan = PlanOf(set);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->cases.at(0).benchmark->Bytes(), bytes);
    EXPECT_EQ(plan->cases.at(0).result.working_set(), set);
  }
  for (const char* set : {"l1", "l3"}) {
    const absl::Status status = PlanOf(set).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("cuda:0 has l2 and dram alone"));
  }
}

TEST_F(GpuPlanTest, ALaunchIsACaseOfItsOwn) {
  const std::string usual = PlanOf("l2")->cases.at(0).result.name();
  EXPECT_THAT(usual, testing::Not(testing::HasSubstr("launch")));
  EXPECT_EQ(PlanOf("l2", "none")->cases.at(0).result.name(), usual);
  for (const std::string launch : {"alone", "graph"}) {
    const absl::StatusOr<BenchmarkPlan> plan = PlanOf("l2", launch);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_THAT(plan->cases.at(0).result.name(), testing::HasSubstr("/launch:" + launch));
    EXPECT_EQ(plan->cases.at(0).result.launch(), launch);
    EXPECT_EQ(plan->cases.at(0).benchmark->launch, *ParseLaunchTime(launch));
  }
}

TEST_F(GpuPlanTest, WhatIsLostIsNotMeasured) {
  const Kernel& kernel = **gpu_.catalog().FindKernel("relu", Direction::kForward, Dtype::kF32, {.device = "cuda:0"});
  gpu_.device().FailFrom("Wait", 1, absl::UnavailableError("gone"));
  float x = 1;
  DeviceTimes times;
  const HostTensor tensor = {.inputs = {&x}, .outputs = {&x}, .elements = 1};
  EXPECT_FALSE(kernel.on_device->Prepare(nullptr)->Run({&tensor, 1}, times).ok());
  EXPECT_EQ(PlanOf("l2").status(), absl::UnavailableError("cases[0]: device cuda:0 is lost: gone"));
}

}  // namespace
}  // namespace actbench
