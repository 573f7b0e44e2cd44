// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "kernels/measure/machine_lease.h"
#include "server/build_id.h"
#include "tests/accuracy_fixture.h"
#include "tests/bench_fixture.h"
#include "tests/benchmark_fixture.h"
#include "tests/fake_gpu.h"
#include "tests/temporary_directory.h"

namespace actbench {
namespace {

class BenchmarkServiceTest : public testing::Test {
 protected:
  v1::BenchmarkRun Get(const std::string& run) {
    grpc::ClientContext context;
    v1::GetRunRequest request;
    request.set_run(run);
    v1::GetRunResponse response;
    status_ = stub_->GetRun(&context, request, &response);
    return response.run();
  }
  std::string Delete(const std::string& run) {
    grpc::ClientContext context;
    v1::DeleteRunRequest request;
    request.set_run(run);
    v1::DeleteRunResponse response;
    status_ = stub_->DeleteRun(&context, request, &response);
    return response.id();
  }
  v1::ListRunsResponse List(const v1::ListRunsRequest& request = {}) {
    grpc::ClientContext context;
    v1::ListRunsResponse response;
    status_ = stub_->ListRuns(&context, request, &response);
    return response;
  }

  const OwnLease lease_;
  TestServer server_;
  const std::unique_ptr<v1::BenchmarkService::Stub> stub_ = v1::BenchmarkService::NewStub(server_.channel);
  grpc::Status status_;
};

TEST_F(BenchmarkServiceTest, ARunGivesAResultForEachCaseAndIsStored) {
  v1::RunBenchmarkRequest request = MakeRun({MakeCase("sigmoid"), MakeCase("tanh"), MakeCase("silu", 10)});
  request.set_name("a name");
  request.set_measure_accuracy(true);
  RunStream stream(server_, request);
  ASSERT_TRUE(stream.Finish().ok());
  ASSERT_EQ(stream.results.size(), 3u);
  EXPECT_EQ(stream.results[0].name(), "sigmoid/forward/f32/actbench/fast/scalar/n:1000/dist:normal/cache:hot");
  EXPECT_EQ(stream.results[2].name(), "silu/forward/f32/actbench/fast/scalar/n:10/dist:normal/cache:hot");
  for (const v1::BenchmarkResult& result : stream.results) {
    EXPECT_EQ(result.outcome(), v1::OUTCOME_MEASURED) << result.message();
    EXPECT_GT(result.time().median_ns(), 0);
    EXPECT_EQ(result.time().process_medians_ns_size(), 2);
    EXPECT_EQ(result.bytes(), 8 * result.elements());
    EXPECT_EQ(result.working_set(), "l1");
    EXPECT_GT(result.copy_ns(), 0);
    EXPECT_EQ(result.accuracy().mode(), "sampled");
    EXPECT_LT(result.accuracy().max_ulp(), 2);
  }
  EXPECT_EQ(stream.run.measured(), 3);
  EXPECT_EQ(stream.run.results_size(), 0) << "they came before";
  EXPECT_EQ(stream.run.plan().max_processes(), 2);
  EXPECT_EQ(stream.run.build_id(), KernelBuildId());
  EXPECT_EQ(stream.run.fingerprint_hash().size(), 16u);
  EXPECT_GT(stream.run.fingerprint_size(), 5);
  EXPECT_GT(stream.run.seconds(), 0);
  const v1::BenchmarkRun stored = Get(stream.run.id());
  ASSERT_EQ(stored.results_size(), 3);
  EXPECT_EQ(stored.results(1).SerializeAsString(), stream.results[1].SerializeAsString());
  EXPECT_EQ(stored.name(), "a name");
  EXPECT_EQ(Get("a name").id(), stream.run.id());
}

TEST_F(BenchmarkServiceTest, TheMetricsHaveWhatWasMeasured) {
  v1::BenchmarkCase usual = MakeCase("sigmoid");
  usual.set_working_set("l1");
  v1::BenchmarkCase cold = MakeCase("tanh");
  cold.set_working_set("l1");
  cold.set_cache("cold");
  // Of sizes that no working set stands for.
  const v1::BenchmarkCase small = MakeCase("sigmoid", 16);
  const v1::BenchmarkCase other = MakeCase("silu", 1000);
  v1::BenchmarkCase impossible = MakeCase("sigmoid");
  impossible.mutable_selector()->set_tier("exact");
  impossible.set_dtype(v1::DTYPE_F64);
  RunStream stream(server_, MakeRun({usual, cold, impossible, small, other}));
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(server_.Metric("actbench_bench_runs_started_total"), 1);
  EXPECT_EQ(server_.Metric("actbench_bench_runs_completed_total"), 1);
  EXPECT_GT(server_.Metric("actbench_bench_last_success_timestamp_seconds"), 1e9);
  EXPECT_EQ(server_.Metric("actbench_bench_cases_total{outcome=\"measured\"}"), 4);
  EXPECT_EQ(server_.Metric("actbench_bench_cases_total{outcome=\"skipped\"}"), 1);
  EXPECT_EQ(server_.Metric("actbench_bench_cases_total{outcome=\"error\"}"), 0);
  EXPECT_GE(server_.Metric("actbench_bench_slices_discarded_total{reason=\"steal\"}"), 0);
  const std::string labels =
      "{activation=\"sigmoid\",device=\"cpu\",direction=\"forward\",dtype=\"f32\",isa=\"scalar\","
      "provider=\"actbench\",tier=\"fast\",working_set=\"l1\"}";
  EXPECT_NEAR(server_.Metric("actbench_bench_seconds_per_element" + labels),
              stream.results.at(0).time().median_ns() * 1e-9 / static_cast<double>(stream.results.at(0).elements()),
              1e-15);
  EXPECT_GE(server_.Metric("actbench_bench_interval_ratio" + labels), 0);
  const std::string page = FetchMetrics(server_.server->metrics_address());
  for (const char* activation : {"tanh", "silu"}) {
    EXPECT_EQ(page.find("actbench_bench_seconds_per_element{activation=\"" + std::string(activation)),
              std::string::npos)
        << "a cold one, or one of any size, is not what the kernel is known by";
  }
}

TEST(BenchmarkStateTest, WhenTheLastRunWasCompletedIsKnownAfterARestart) {
  constexpr char kMetric[] = "actbench_bench_last_success_timestamp_seconds";
  const OwnLease lease;
  const TemporaryDirectory directory;
  ServerOptions options;
  options.state_dir = directory.path();
  double completed = 0;
  {
    TestServer server(options);
    EXPECT_EQ(server.Metric(kMetric), 0);
    for (const char* activation : {"sigmoid", "tanh"}) {
      RunStream stream(server, MakeRun({MakeCase(activation)}));
      ASSERT_TRUE(stream.Finish().ok());
    }
    completed = server.Metric(kMetric);
  }
  EXPECT_GT(completed, 1e9);
  const TestServer server(options);
  EXPECT_EQ(server.Metric(kMetric), completed) << "the same, so that it does not look like another run";
  EXPECT_EQ(server.Metric("actbench_bench_runs_completed_total"), 0);
}

// Which is not measured here, as the worker has no such GPU.
TEST(BenchmarkGpuTest, ARunOnAGpuHasItInItsFingerprint) {
  const OwnLease lease;
  const FakeGpu gpu;
  ServerOptions options;
  options.catalog = &gpu.catalog();
  TestServer server(options);
  v1::BenchmarkCase on_cpu = MakeCase("relu");
  v1::BenchmarkCase on_gpu = on_cpu;
  on_gpu.mutable_selector()->set_isa("");
  on_gpu.mutable_selector()->set_device("cuda:0");
  RunStream without(server, MakeRun({on_cpu}));
  RunStream with(server, MakeRun({on_cpu, on_gpu}));
  ASSERT_TRUE(without.Finish().ok());
  ASSERT_TRUE(with.Finish().ok());
  ASSERT_EQ(with.run.fingerprint_size(), without.run.fingerprint_size() + 1);
  const v1::FingerprintField& field = *with.run.fingerprint().rbegin();
  EXPECT_EQ(field.name(), "cuda:0");
  EXPECT_EQ(field.value(), "Fake 1000, 1024 MiB, driver of CUDA 13.0");
  EXPECT_NE(with.run.fingerprint_hash(), without.run.fingerprint_hash());
}

TEST_F(BenchmarkServiceTest, OneProcessHasNoInterval) {
  v1::BenchmarkCase usual = MakeCase("sigmoid");
  usual.clear_elements();
  usual.set_working_set("l1");
  v1::RunBenchmarkRequest request = MakeRun({usual});
  request.mutable_plan()->set_min_processes(1);
  request.mutable_plan()->set_max_processes(1);
  RunStream stream(server_, request);
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.at(0).time().median_low_ns(), 0);
  EXPECT_EQ(stream.results.at(0).time().median_high_ns(), 0);
  EXPECT_FALSE(stream.results.at(0).time().converged());
  const std::string page = FetchMetrics(server_.server->metrics_address());
  const size_t place = page.find("actbench_bench_interval_ratio{activation=\"sigmoid\"");
  ASSERT_NE(place, std::string::npos);
  EXPECT_EQ(page.substr(page.find("} ", place) + 2, 4), "NaN\n") << "an interval of no width would be a certain one";
}

TEST_F(BenchmarkServiceTest, WhatIsCertifiedGoesBeforeSamples) {
  const v1::Certificate certificate = Measure(server_, ShortMeasurement());
  v1::BenchmarkCase benchmark = MakeCase("sigmoid");
  benchmark.set_dtype(v1::DTYPE_F16);
  benchmark.mutable_selector()->clear_isa();
  RunStream stream(server_, MakeRun({benchmark}));
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.at(0).accuracy().certificate_id(), certificate.id());
  EXPECT_EQ(stream.results.at(0).accuracy().mode(), "exhaustive");
  EXPECT_EQ(stream.results.at(0).accuracy().max_ulp(), certificate.report().max_ulp());
}

TEST_F(BenchmarkServiceTest, ErrorsOfGradientsAreAtUnitUpstream) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  request.set_direction(v1::DIRECTION_GRADIENT);
  request.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(true);
  const v1::Certificate certificate = Measure(server_, request);
  v1::BenchmarkCase certified = MakeCase("sigmoid");
  certified.set_direction(v1::DIRECTION_GRADIENT);
  certified.set_dtype(v1::DTYPE_F16);
  certified.mutable_selector()->clear_isa();
  v1::BenchmarkCase sampled = certified;
  sampled.set_dtype(v1::DTYPE_F32);
  v1::RunBenchmarkRequest run = MakeRun({certified, sampled});
  run.set_measure_accuracy(true);
  RunStream stream(server_, run);
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.at(0).accuracy().certificate_id(), certificate.id());
  EXPECT_EQ(stream.results.at(0).accuracy().mode(), "exhaustive_unit_upstream");
  EXPECT_EQ(stream.results.at(1).accuracy().mode(), "sampled_unit_upstream");
  EXPECT_LT(stream.results.at(1).accuracy().max_ulp(), 2) << "where f' is subnormal and dy large it is 1.6e7";
}

TEST_F(BenchmarkServiceTest, ACaseThatCannotBeCostsNoOther) {
  v1::BenchmarkCase impossible = MakeCase("sigmoid");
  impossible.mutable_selector()->set_tier("exact");
  impossible.set_dtype(v1::DTYPE_F64);
  RunStream stream(server_, MakeRun({impossible, MakeCase("tanh")}));
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.at(0).outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_EQ(stream.results.at(0).name(), "sigmoid/forward/f64/best/exact/scalar");
  EXPECT_FALSE(stream.results.at(0).message().empty());
  EXPECT_EQ(stream.results.at(1).outcome(), v1::OUTCOME_MEASURED);
  EXPECT_EQ(stream.run.measured(), 1);
  EXPECT_EQ(stream.run.unmeasured(), 1);
}

TEST_F(BenchmarkServiceTest, MistakesNameTheCase) {
  RunStream stream(server_, MakeRun({MakeCase("sigmoid"), MakeCase("sigmoid", -1)}));
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "cases[1]: there are -1 elements; at least 1 is needed");
}

TEST_F(BenchmarkServiceTest, RunsWaitForOneAnotherAndLearnTheirPlace) {
  RunStream first(server_, MakeLongRun());
  ASSERT_TRUE(first.WaitForProgress([](const auto& now) { return !now.waits_for_machine(); }));
  RunStream second(server_, MakeRun({MakeCase("sigmoid")}));
  ASSERT_TRUE(
      second.WaitForProgress([](const auto& now) { return now.queue_place() == 1 && now.remaining_ms() == -1; }));
  first.Cancel();
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(second.Finish().ok());
  EXPECT_EQ(second.results.size(), 1u);
}

TEST_F(BenchmarkServiceTest, ARunWaitsForThoseOfOtherProcesses) {
  absl::StatusOr<std::unique_ptr<MachineLease>> lease = MachineLease::Try(lease_.file());
  ASSERT_NE(*lease, nullptr);
  RunStream stream(server_, MakeRun({MakeCase("sigmoid")}));
  ASSERT_TRUE(
      stream.WaitForProgress([](const auto& now) { return now.waits_for_machine() && now.queue_place() == 0; }));
  EXPECT_EQ(server_.EvaluateOne(MakeItem(100)).outputs_size(), 1) << "meanwhile";
  lease->reset();
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.size(), 1u);
}

TEST_F(BenchmarkServiceTest, EvaluateIsAnsweredDuringARun) {
  RunStream stream(server_, MakeLongRun());
  ASSERT_TRUE(stream.WaitForProgress([](const auto& now) { return !now.waits_for_machine(); }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server_.EvaluateOne(MakeItem(100)).outputs_size(), 1);
}

TEST_F(BenchmarkServiceTest, ACancelledRunEndsAtOnceAndTheNextOneWorks) {
  {
    RunStream stream(server_, MakeLongRun());
    ASSERT_TRUE(stream.WaitForProgress([](const auto& now) { return !now.waits_for_machine(); }));
    stream.Cancel();
    EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  RunStream next(server_, MakeRun({MakeCase("sigmoid")}));
  EXPECT_TRUE(next.Finish().ok());
  EXPECT_EQ(List().runs_size(), 1) << "what was cancelled is not stored";
}

TEST_F(BenchmarkServiceTest, TheDeadlineEndsARun) {
  RunStream stream(server_, MakeLongRun(), absl::Milliseconds(300));
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server_.WaitForMetric("actbench_queue_depth{class=\"exclusive\"}", 0));
}

TEST_F(BenchmarkServiceTest, AShutdownEndsARun) {
  RunStream stream(server_, MakeLongRun());
  ASSERT_TRUE(stream.WaitForProgress([](const auto& now) { return !now.waits_for_machine(); }));
  EXPECT_FALSE(server_.server->Shutdown(absl::Milliseconds(50)));
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(BenchmarkServiceTest, StoredRunsAreListedAndDeleted) {
  std::vector<std::string> ids;
  for (const char* name : {"one", "two", "two"}) {
    v1::RunBenchmarkRequest request = MakeRun({MakeCase("relu")});
    request.set_name(name);
    RunStream stream(server_, request);
    ASSERT_TRUE(stream.Finish().ok());
    ids.push_back(stream.run.id());
  }
  EXPECT_EQ(List().runs_size(), 3);
  EXPECT_EQ(List().runs(0).id(), ids[2]) << "newest first";
  EXPECT_EQ(List().runs(0).results_size(), 0);
  v1::ListRunsRequest request;
  request.set_name("two");
  request.set_page_size(1);
  const v1::ListRunsResponse page = List(request);
  ASSERT_EQ(page.runs_size(), 1);
  request.set_page_token(page.next_page_token());
  EXPECT_EQ(List(request).runs(0).id(), ids[1]);
  EXPECT_TRUE(List(request).next_page_token().empty());
  request.set_name("one");
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "the token is another list's";
  EXPECT_EQ(Delete("two"), ids[2]) << "the newest of that name";
  EXPECT_EQ(Delete(ids[0].substr(0, 10)), ids[0]);
  EXPECT_EQ(List().runs_size(), 1);
  Get(ids[0]);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status_.error_message(), "there is no run with the id or name \"" + ids[0] + "\"; ListRuns has them all");
}

TEST(BenchmarkServiceWorkerTest, AWorkerThatCrashesCostsItsCasesAlone) {
  const OwnLease lease;
  ServerOptions options;
  options.worker = Script("kill -SEGV $$");
  TestServer server(options);
  RunStream stream(server, MakeRun({MakeCase("sigmoid"), MakeCase("tanh")}));
  ASSERT_TRUE(stream.Finish().ok());
  ASSERT_EQ(stream.results.size(), 2u);
  for (const v1::BenchmarkResult& result : stream.results) {
    EXPECT_EQ(result.outcome(), v1::OUTCOME_ERROR);
    EXPECT_EQ(result.message(), "the worker was ended by signal 11 (Segmentation fault)");
    EXPECT_FALSE(result.has_time());
  }
  EXPECT_EQ(stream.run.unmeasured(), 2);
}

TEST(BenchmarkServiceWorkerTest, AWorkerThatHangsEndsWithTheCall) {
  const OwnLease lease;
  ServerOptions options;
  options.worker = Script("exec sleep 600");
  TestServer server(options);
  RunStream stream(server, MakeRun({MakeCase("sigmoid")}));
  ASSERT_TRUE(stream.WaitForProgress([](const auto& now) { return !now.waits_for_machine(); }));
  stream.Cancel();
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(server.EvaluateOne(MakeItem(100)).outputs_size(), 1);
}

TEST(BenchmarkServiceWorkerTest, AMissingWorkerIsNamed) {
  const OwnLease lease;
  ServerOptions options;
  options.worker = "/no/such/worker";
  TestServer server(options);
  RunStream stream(server, MakeRun({MakeCase("sigmoid")}));
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(stream.results.at(0).message(), "cannot start the worker /no/such/worker: No such file or directory");
}

}  // namespace
}  // namespace actbench
