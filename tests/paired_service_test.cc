// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "actbench/v1/benchmark.grpc.pb.h"
#include "tests/benchmark_fixture.h"

namespace actbench {
namespace {

// Short: what is not far apart may get any verdict.
v1::RunPairedBenchmarkRequest MakeRequest(const std::vector<v1::PairedCase>& cases) {
  v1::RunPairedBenchmarkRequest request;
  for (const v1::PairedCase& one : cases) *request.add_cases() = one;
  request.mutable_plan()->set_processes(12);
  request.mutable_plan()->set_max_processes(20);
  request.mutable_plan()->set_process_ms(5);
  return request;
}

class PairedServiceTest : public testing::Test {
 protected:
  grpc::Status Compare(const v1::RunPairedBenchmarkRequest& request, absl::Duration timeout = 10 * kPatience) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    const auto reader = stub_->RunPairedBenchmark(&context, request);
    v1::RunPairedBenchmarkResponse response;
    while (reader->Read(&response)) {
      EXPECT_FALSE(summary_.paired()) << "nothing comes after the summary";
      if (response.has_progress()) progress_.push_back(response.progress());
      if (response.has_comparison()) comparisons_.push_back(response.comparison());
      if (response.has_summary()) summary_ = response.summary();
    }
    return reader->Finish();
  }

  const OwnLease lease_;
  TestServer server_;
  const std::unique_ptr<v1::BenchmarkService::Stub> stub_ = v1::BenchmarkService::NewStub(server_.channel);
  std::vector<v1::BenchmarkProgress> progress_;
  std::vector<v1::SpeedComparison> comparisons_;
  v1::ComparisonSummary summary_;
};

TEST_F(PairedServiceTest, WhatIsSlowerIsMeasuredAgain) {
  v1::PairedCase impossible = MakePair("sigmoid", "exact");
  impossible.mutable_base()->set_dtype(v1::DTYPE_F64);
  ASSERT_TRUE(Compare(MakeRequest({MakePair("sigmoid", "exact"), impossible})).ok());
  ASSERT_EQ(comparisons_.size(), 2u);
  const v1::SpeedComparison& slower = comparisons_[0];
  EXPECT_EQ(slower.name(), "sigmoid/forward/f32/actbench/fast/scalar/n:1000/dist:normal/cache:hot");
  EXPECT_EQ(slower.base().tier(), "fast");
  EXPECT_EQ(slower.head().tier(), "exact");
  EXPECT_EQ(slower.outcome(), v1::OUTCOME_MEASURED) << slower.message();
  EXPECT_EQ(slower.verdict(), v1::VERDICT_SLOWER) << slower.reason();  // several times
  EXPECT_GT(slower.ratio().ratio(), 1.2);
  EXPECT_GT(slower.confirmation().ratio(), 1.2);
  EXPECT_NE(slower.confirmation().ratio(), slower.ratio().ratio()) << "it is another measurement";
  EXPECT_LE(slower.q_value(), 0.05);
  EXPECT_NEAR(slower.head_ns() / slower.base_ns(), slower.ratio().ratio(), 1e-9);
  EXPECT_GE(slower.process_ratios_size(), 12);
  EXPECT_EQ(slower.process_control_ratios_size(), slower.process_ratios_size());
  EXPECT_EQ(slower.process_injected_ratios_size(), slower.process_ratios_size());
  EXPECT_EQ(slower.processes(), slower.process_ratios_size());
  EXPECT_TRUE(slower.has_control());
  EXPECT_TRUE(slower.has_injected());
  EXPECT_FALSE(slower.has_layout());
  EXPECT_GE(slower.threshold(), 0.03);
  EXPECT_GT(slower.detectable(), slower.threshold());
  EXPECT_EQ(comparisons_[1].outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_EQ(comparisons_[1].verdict(), v1::VERDICT_UNSPECIFIED);
  EXPECT_TRUE(summary_.paired());
  EXPECT_GT(summary_.seconds(), 0);
  EXPECT_EQ(summary_.fingerprint_hash().size(), 16u);
  EXPECT_EQ(summary_.plan().processes(), 12);
  EXPECT_EQ(server_.Metric("actbench_bench_verdicts_total{verdict=\"slower\"}"), 1);
  EXPECT_EQ(server_.Metric("actbench_bench_verdicts_total{verdict=\"faster\"}"), 0);
  EXPECT_EQ(server_.Metric("actbench_bench_cases_total{outcome=\"skipped\"}"), 1);
  EXPECT_EQ(server_.Metric("actbench_bench_runs_completed_total"), 1);
}

TEST_F(PairedServiceTest, WhatIsFasterIsNotAndTheLayoutIsLookedAtWhereItIsGiven) {
  v1::PairedCase pair = MakePair("sigmoid", "fast");
  pair.mutable_base()->mutable_selector()->set_tier("exact");
  pair.mutable_layout()->set_tier("exact");
  pair.mutable_layout()->set_isa("scalar");
  ASSERT_TRUE(Compare(MakeRequest({pair})).ok());
  ASSERT_EQ(comparisons_.size(), 1u);
  EXPECT_LT(comparisons_[0].ratio().ratio(), 0.9);
  EXPECT_TRUE(comparisons_[0].has_layout());
  EXPECT_FALSE(comparisons_[0].has_confirmation());
}

TEST_F(PairedServiceTest, WhatCannotBeToldGetsMoreProcessesButNotForEver) {
  v1::PairedCase pair = MakePair("sigmoid", "fast");
  pair.mutable_control()->set_tier("exact");  // a copy that differs from the original
  pair.mutable_control()->set_isa("scalar");
  v1::RunPairedBenchmarkRequest request = MakeRequest({pair});
  request.mutable_plan()->set_max_processes(30);
  ASSERT_TRUE(Compare(request).ok());
  ASSERT_EQ(comparisons_.size(), 1u);
  EXPECT_EQ(comparisons_[0].processes(), 30);
  EXPECT_EQ(comparisons_[0].verdict(), v1::VERDICT_UNTRUSTED);
  EXPECT_EQ(comparisons_[0].reason().substr(0, 43), "a copy of the base kernel differs from it b");
}

TEST_F(PairedServiceTest, TheDeadlineEndsItAndTheNextOneRuns) {
  v1::RunPairedBenchmarkRequest request = MakeRequest({MakePair("sigmoid", "exact"), MakePair("tanh", "exact")});
  request.mutable_plan()->set_processes(1000);
  request.mutable_plan()->set_max_processes(1000);
  // One is begun at most.
  EXPECT_EQ(Compare(request, absl::Milliseconds(20)).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(Compare(request, absl::Milliseconds(500)).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(comparisons_.empty());
  EXPECT_TRUE(Compare(MakeRequest({MakePair("sigmoid", "exact")})).ok());
}

TEST_F(PairedServiceTest, MistakesAreTold) {
  v1::RunPairedBenchmarkRequest request = MakeRequest({MakePair("sigmoid", "exact")});
  request.mutable_plan()->set_processes(2);
  EXPECT_EQ(Compare(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Compare({}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace actbench
