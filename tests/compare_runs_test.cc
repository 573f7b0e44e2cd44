// SPDX-License-Identifier: Apache-2.0
#include "server/compare_runs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/benchmark_fixture.h"

namespace actbench {
namespace {

v1::BenchmarkRun EmptyRun(const std::string& machine) {
  v1::BenchmarkRun run;
  run.set_fingerprint_hash(machine);
  return run;
}

// A result whose processes took about so many ns.
v1::BenchmarkResult& Add(v1::BenchmarkRun& run, const std::string& name, double ns) {
  v1::BenchmarkResult& result = *run.add_results();
  result.set_name(name);
  result.set_elements(1000);
  result.set_outcome(v1::OUTCOME_MEASURED);
  result.mutable_time()->set_median_ns(ns);
  for (int i = -5; i <= 5; ++i) result.mutable_time()->add_process_medians_ns(ns * (1 + 0.002 * i));
  return result;
}

constexpr char kSigmoid[] = "sigmoid/forward/f32/actbench/fast/avx2/n:1000/dist:normal/cache:hot";
constexpr char kTanh[] = "tanh/forward/f32/actbench/fast/avx2/n:1000/dist:normal/cache:hot";

TEST(CompareRunsTest, EveryCaseThatBothHaveIsCompared) {
  v1::BenchmarkRun base = EmptyRun("m");
  v1::BenchmarkRun head = EmptyRun("m");
  Add(base, kSigmoid, 100).mutable_accuracy()->set_max_ulp(1.5);
  Add(base, kTanh, 100);
  Add(base, "a", 1);
  Add(head, "b", 1);
  Add(head, kTanh, 130);
  Add(head, kSigmoid, 101).mutable_accuracy()->set_max_ulp(1.75);
  const absl::StatusOr<v1::CompareRunsResponse> got = CompareRuns(base, head, false, 0);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->comparisons_size(), 2);
  EXPECT_EQ(got->comparisons(0).name(), kSigmoid);
  EXPECT_EQ(got->comparisons(0).verdict(), v1::VERDICT_SAME) << got->comparisons(0).reason();
  EXPECT_EQ(got->comparisons(0).base_accuracy().max_ulp(), 1.5);
  EXPECT_EQ(got->comparisons(0).head_accuracy().max_ulp(), 1.75);
  EXPECT_EQ(got->comparisons(1).verdict(), v1::VERDICT_SLOWER);
  EXPECT_NEAR(got->comparisons(1).ratio().ratio(), 1.3, 1e-9);
  EXPECT_EQ(got->comparisons(1).head_ns(), 130);
  EXPECT_FALSE(got->comparisons(1).has_control());
  ASSERT_EQ(got->only_in_base_size(), 1);
  EXPECT_EQ(got->only_in_base(0), "a");
  ASSERT_EQ(got->only_in_head_size(), 1);
  EXPECT_EQ(got->only_in_head(0), "b");
  EXPECT_EQ(got->summary().plan().threshold(), 0.1);
  EXPECT_FALSE(got->summary().paired());
}

TEST(CompareRunsTest, WhoWroteTheKernelMayDiffer) {
  const std::string other = "sigmoid/forward/f32/head/fast/avx2/n:1000/dist:normal/cache:hot";
  v1::BenchmarkRun base = EmptyRun("m");
  v1::BenchmarkRun head = EmptyRun("m");
  Add(base, kSigmoid, 100);
  Add(head, other, 50);
  const absl::StatusOr<v1::CompareRunsResponse> got = CompareRuns(base, head, false, 0);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->comparisons(0).verdict(), v1::VERDICT_FASTER);
  EXPECT_TRUE(got->only_in_head().empty());
  // But only where that is clear.
  Add(base, "sigmoid/forward/f32/libm/fast/avx2/n:1000/dist:normal/cache:hot", 100);
  EXPECT_TRUE(absl::IsFailedPrecondition(CompareRuns(base, head, false, 0).status()));
}

TEST(CompareRunsTest, DifferentMachinesGiveRatiosAloneAndOnlyByForce) {
  v1::BenchmarkRun base = EmptyRun("one");
  v1::BenchmarkRun head = EmptyRun("two");
  Add(base, kSigmoid, 100);
  Add(head, kSigmoid, 200);
  const absl::Status refused = CompareRuns(base, head, false, 0).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(
      refused.message(),
      "the first run has the fingerprint one, the second two; times of different machines say nothing: give force "
      "for ratios alone");
  const absl::StatusOr<v1::CompareRunsResponse> got = CompareRuns(base, head, true, 0);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->comparisons(0).verdict(), v1::VERDICT_UNTRUSTED);
  EXPECT_NEAR(got->comparisons(0).ratio().ratio(), 2, 1e-9);
}

TEST(CompareRunsTest, WhatHasNoTimesHasNoVerdictButTheReason) {
  v1::BenchmarkRun base = EmptyRun("m");
  v1::BenchmarkRun head = EmptyRun("m");
  Add(base, kSigmoid, 100);
  v1::BenchmarkResult& failed = *head.add_results();
  failed.set_name(kSigmoid);
  failed.set_outcome(v1::OUTCOME_ERROR);
  failed.set_message("it crashed");
  const absl::StatusOr<v1::CompareRunsResponse> got = CompareRuns(base, head, false, 0);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->comparisons(0).outcome(), v1::OUTCOME_ERROR);
  EXPECT_EQ(got->comparisons(0).message(), "the second run has no times of it: it crashed");
  EXPECT_EQ(got->comparisons(0).verdict(), v1::VERDICT_UNSPECIFIED);
}

TEST(CompareRunsTest, NothingComparedAndNonsenseAreErrors) {
  v1::BenchmarkRun base = EmptyRun("m");
  v1::BenchmarkRun head = EmptyRun("m");
  EXPECT_TRUE(absl::IsFailedPrecondition(CompareRuns(base, head, false, 0).status()));
  Add(base, kSigmoid, 100);
  Add(head, kTanh, 100);
  EXPECT_EQ(CompareRuns(base, head, false, 0).status().message(),
            "the runs have no case in common: the first has 1, the second 1");
  for (const double threshold : {-0.1, 2.0, std::nan("")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CompareRuns(base, head, false, threshold).status()));
  }
  for (const double ns : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    v1::BenchmarkRun wrong = EmptyRun("m");
    Add(wrong, kSigmoid, 100).mutable_time()->add_process_medians_ns(ns);
    EXPECT_TRUE(absl::IsInvalidArgument(CompareRuns(base, wrong, false, 0).status())) << ns;
  }
}

class CompareRunsServiceTest : public testing::Test {
 protected:
  grpc::Status Compare(const v1::CompareRunsRequest& request) {
    grpc::ClientContext context;
    return v1::BenchmarkService::NewStub(server_.channel)->CompareRuns(&context, request, &response_);
  }
  const OwnLease lease_;
  TestServer server_;
  v1::CompareRunsResponse response_;
};

TEST_F(CompareRunsServiceTest, StoredAndGivenRunsAreCompared) {
  RunStream stream(server_, MakeRun({MakeCase("sigmoid")}));
  ASSERT_TRUE(stream.Finish().ok());
  v1::CompareRunsRequest request;
  request.set_base(stream.run.id());
  *request.mutable_head_run() = stream.run;
  *request.mutable_head_run()->add_results() = stream.results.at(0);
  const grpc::Status status = Compare(request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response_.comparisons_size(), 1);
  EXPECT_EQ(response_.comparisons(0).ratio().ratio(), 1);
  EXPECT_EQ(response_.comparisons(0).base_accuracy().SerializeAsString(),
            response_.comparisons(0).head_accuracy().SerializeAsString());
}

TEST_F(CompareRunsServiceTest, UnknownRunsAreNamed) {
  v1::CompareRunsRequest request;
  request.set_base("nothing");
  request.set_head("nothing");
  EXPECT_EQ(Compare(request).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_FALSE(Compare({}).ok());
}

}  // namespace
}  // namespace actbench
