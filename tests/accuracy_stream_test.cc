// SPDX-License-Identifier: Apache-2.0
// Streams of measurements over gRPC: their progress, and how they end before they are finished.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/accuracy_fixture.h"
#include "tests/blocking_kernel.h"
#include "tests/raw_call.h"

namespace actbench {
namespace {

constexpr char kBusy[] = "actbench_worker_threads_busy";
constexpr char kInflight[] = "actbench_inflight_bytes";
constexpr char kWaiting[] = "actbench_queue_depth{class=\"long\"}";
constexpr char kStoppedQueued[] = "actbench_rpc_cancelled_work_total{stage=\"queued\"}";
constexpr char kStoppedRunning[] = "actbench_rpc_cancelled_work_total{stage=\"running\"}";

ServerOptions Threads(int threads) {
  ServerOptions options;
  options.threads = threads;
  return options;
}

void ExpectNothingLeft(const TestServer& server) {
  EXPECT_TRUE(server.WaitForMetric(kBusy, 0));
  EXPECT_TRUE(server.WaitForMetric(kInflight, 0));
}

// Reads until inputs are done.
v1::AccuracyProgress ReadUntilItRuns(MeasureStream& stream) {
  v1::AccuracyProgress progress;
  do {
    EXPECT_TRUE(stream.ReadProgress(progress));
  } while (progress.inputs_done() == 0 && !testing::Test::HasFailure());
  return progress;
}

TEST(AccuracyStreamTest, GivesProgressThatGrows) {
  TestServer server(Threads(2));
  MeasureStream stream(server, LongMeasurement());
  v1::AccuracyProgress before = ReadUntilItRuns(stream);
  EXPECT_EQ(before.inputs_total(), 100'000'000);
  EXPECT_EQ(before.queue_place(), 0);
  EXPECT_GT(before.remaining_ms(), 0);
  for (int i = 0; i < 3; ++i) {
    v1::AccuracyProgress now;
    ASSERT_TRUE(stream.ReadProgress(now));
    EXPECT_GT(now.inputs_done(), before.inputs_done());
    EXPECT_LT(now.inputs_done(), now.inputs_total());
    before = now;
  }
}

TEST(AccuracyStreamTest, TellsThePlaceOfAMeasurementThatWaits) {
  BlockingKernel blocking;
  ServerOptions options = Threads(1);
  options.catalog = &blocking.catalog();
  TestServer server(options);
  v1::EvaluateResponse response;
  std::thread client([&] { server.Evaluate(BlockingKernel::Request(), response); });
  EXPECT_TRUE(server.WaitForMetric(kBusy, 1));
  MeasureStream first(server, LongMeasurement());
  EXPECT_TRUE(server.WaitForMetric(kWaiting, 1));
  MeasureStream second(server, LongMeasurement());
  v1::AccuracyProgress progress;
  ASSERT_TRUE(second.ReadProgress(progress));
  EXPECT_EQ(progress.inputs_done(), 0);
  EXPECT_EQ(progress.remaining_ms(), -1);
  EXPECT_EQ(progress.queue_place(), 1);
  first.Cancel();
  EXPECT_TRUE(server.WaitForMetric(kStoppedQueued, 1));
  while (progress.queue_place() == 1) ASSERT_TRUE(second.ReadProgress(progress));
  EXPECT_EQ(progress.queue_place(), 0);
  blocking.Release();
  client.join();
}

TEST(AccuracyStreamTest, CancelStopsTheWork) {
  TestServer server(Threads(2));
  MeasureStream stream(server, LongMeasurement());
  ReadUntilItRuns(stream);
  stream.Cancel();
  EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(server.WaitForMetric(kStoppedRunning, 1));
  ExpectNothingLeft(server);
}

TEST(AccuracyStreamTest, CancelStopsWorkWhoseKernelIsSlow) {
  BlockingKernel blocking;
  ServerOptions options = Threads(1);
  options.catalog = &blocking.catalog();
  TestServer server(options);
  v1::MeasureAccuracyRequest request = MakeMeasurement("relu", v1::DTYPE_F32);
  *request.mutable_selector() = BlockingKernel::Request().items(0).selector();
  MeasureStream stream(server, request);
  EXPECT_TRUE(server.WaitForMetric(kBusy, 1));
  stream.Cancel();
  EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
  // At once, though the piece that runs cannot be stopped: that is the last.
  EXPECT_TRUE(server.WaitForMetric(kStoppedRunning, 1));
  EXPECT_EQ(server.Metric(kBusy), 1);
  blocking.Release();
  ExpectNothingLeft(server);
}

TEST(AccuracyStreamTest, TheDeadlineStopsTheWork) {
  TestServer server(Threads(2));
  MeasureStream stream(server, LongMeasurement(), absl::Seconds(1));
  EXPECT_EQ(stream.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server.WaitForMetric(kStoppedRunning, 1));
  ExpectNothingLeft(server);
}

TEST(AccuracyStreamTest, TwoClientsShareTheWorkers) {
  TestServer server(Threads(1));
  MeasureStream first(server, LongMeasurement());
  ReadUntilItRuns(first);
  MeasureStream second(server, LongMeasurement());
  ReadUntilItRuns(second);
  const int64_t done = ReadUntilItRuns(first).inputs_done();
  EXPECT_GT(ReadUntilItRuns(first).inputs_done(), done);
}

TEST(AccuracyStreamTest, AThirdMeasurementWaitsForItsTurn) {
  TestServer server(Threads(1));
  MeasureStream first(server, LongMeasurement());
  ReadUntilItRuns(first);
  MeasureStream second(server, LongMeasurement());
  ReadUntilItRuns(second);
  MeasureStream third(server, ShortMeasurement());
  v1::AccuracyProgress progress;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(third.ReadProgress(progress));
    EXPECT_EQ(progress.queue_place(), 2);
    EXPECT_EQ(progress.inputs_done(), 0);
  }
  // What waits can be cancelled, and what it waits for lets it begin.
  MeasureStream fourth(server, ShortMeasurement());
  ASSERT_TRUE(fourth.ReadProgress(progress));
  EXPECT_EQ(progress.queue_place(), 3);
  fourth.Cancel();
  EXPECT_EQ(fourth.Finish().error_code(), grpc::CANCELLED);
  second.Cancel();
  EXPECT_TRUE(third.Finish().ok());
  EXPECT_EQ(third.certificate.report().checked(), 65536);
}

TEST(AccuracyStreamTest, EvaluateAnswersMeanwhile) {
  TestServer server(Threads(1));
  MeasureStream stream(server, LongMeasurement());
  const int64_t before = ReadUntilItRuns(stream).inputs_done();
  for (int i = 0; i < 200; ++i) {
    v1::EvaluateResponse response;
    ASSERT_TRUE(server.Evaluate(MakeRequest(256), response).ok());
  }
  // It goes on, and is far from done: nobody waited for it.
  v1::AccuracyProgress progress = ReadUntilItRuns(stream);
  while (progress.inputs_done() == before) progress = ReadUntilItRuns(stream);
  EXPECT_LT(progress.inputs_done(), progress.inputs_total());
}

// A channel that takes only a few bytes of what is not read.
std::shared_ptr<grpc::Channel> NarrowChannel(const TestServer& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(server.server->address(), grpc::InsecureChannelCredentials(), arguments);
}

TEST(AccuracyStreamTest, AClientThatReadsNothingHoldsNothingUp) {
  TestServer server(Threads(2));
  const std::string method = "/actbench.v1.AccuracyService/MeasureAccuracy";
  auto silent = std::make_unique<RawCall>(NarrowChannel(server), method);
  silent->SendLast(ShortMeasurement().SerializeAsString());
  auto silent_and_long = std::make_unique<RawCall>(NarrowChannel(server), method);
  silent_and_long->SendLast(LongMeasurement().SerializeAsString());
  EXPECT_EQ(Measure(server, ShortMeasurement()).report().checked(), 65536);
  silent_and_long->Cancel();
  EXPECT_TRUE(server.WaitForMetric(kStoppedRunning, 1));
  EXPECT_TRUE(server.WaitForMetric(kBusy, 0));
  // Only the result is kept for the one that still does not read.
  EXPECT_TRUE(WaitForMetricThat(server.server->metrics_address(), kInflight,
                                [](double bytes) { return bytes > 0 && bytes < 1 << 16; }));
  silent.reset();
  EXPECT_TRUE(server.WaitForMetric(kInflight, 0));
}

TEST(AccuracyStreamTest, AClientThatReadsNothingDoesNotKeepTheServer) {
  TestServer server(Threads(2));
  RawCall silent(NarrowChannel(server), "/actbench.v1.AccuracyService/MeasureAccuracy");
  silent.SendLast(LongMeasurement().SerializeAsString());
  EXPECT_TRUE(server.WaitForMetric(kBusy, 2));
  EXPECT_FALSE(server.server->Shutdown(absl::Milliseconds(100)));
}

TEST(AccuracyStreamTest, TheEndOfTheServerEndsTheStream) {
  TestServer server(Threads(2));
  MeasureStream stream(server, LongMeasurement());
  ReadUntilItRuns(stream);
  EXPECT_FALSE(server.server->Shutdown(absl::Milliseconds(100)));
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE) << status.error_message();
  ExpectContains(status.error_message(), {"the server stopped"});
}

TEST(AccuracyStreamTest, ADrainFinishesMeasurementsAndRefusesNew) {
  BlockingKernel blocking;
  ServerOptions options = Threads(1);
  options.catalog = &blocking.catalog();
  TestServer server(options);
  v1::MeasureAccuracyRequest request = MakeMeasurement("relu", v1::DTYPE_F32);
  *request.mutable_selector() = BlockingKernel::Request().items(0).selector();
  request.mutable_inputs()->mutable_sampled()->set_count(1000);
  MeasureStream accepted(server, request);
  EXPECT_TRUE(server.WaitForMetric(kBusy, 1));
  bool finished = false;
  std::thread stop([&] { finished = server.server->Shutdown(kPatience); });
  EXPECT_TRUE(server.WaitForMetric("actbench_draining", 1));
  grpc::Status refused;
  do {
    refused = MeasureStream(server, ShortMeasurement(), absl::Seconds(1)).Finish();
  } while (refused.error_code() == grpc::DEADLINE_EXCEEDED);  // until the scheduler has been told
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
  ExpectContains(refused.error_message(), {"stopping"});
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"MeasureAccuracy\",reason=\"draining\"}"), 1);
  blocking.Release();
  const grpc::Status status = accepted.Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(accepted.certificate.report().checked(), 1000);
  stop.join();
  EXPECT_TRUE(finished);
}

TEST(AccuracyStreamTest, DestructionUnderLoadEndsAtOnce) {
  auto server = std::make_unique<TestServer>(Threads(2));
  std::vector<std::unique_ptr<MeasureStream>> streams;
  for (int i = 0; i < 8; ++i) {
    streams.push_back(std::make_unique<MeasureStream>(*server, i % 2 == 0 ? LongMeasurement() : ShortMeasurement()));
    if (i == 0) ReadUntilItRuns(*streams[0]);  // which it may not before two of the others, had they come first
  }
  const absl::Time start = absl::Now();
  server.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));  // gRPC hangs for 10 s where it is shut down wrongly
}

// ---- Limits ----

TEST(AccuracyLimitTest, TooManyMeasurementsThatWaitAreRefused) {
  BlockingKernel blocking;
  ServerOptions options = Threads(1);
  options.catalog = &blocking.catalog();
  options.limits.queue_length = 1;
  TestServer server(options);
  v1::EvaluateResponse response;
  std::thread client([&] { server.Evaluate(BlockingKernel::Request(), response); });
  EXPECT_TRUE(server.WaitForMetric(kBusy, 1));
  MeasureStream waiting(server, ShortMeasurement());
  EXPECT_TRUE(server.WaitForMetric(kWaiting, 1));
  const grpc::Status status = MeasureStream(server, ShortMeasurement()).Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"at most 1", "--max_queue_length"});
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"MeasureAccuracy\",reason=\"queue_full\"}"), 1);
  blocking.Release();
  client.join();
  EXPECT_TRUE(waiting.Finish().ok());
  ExpectNothingLeft(server);
}

TEST(AccuracyLimitTest, RequestsTakeMemoryOfTheBudget) {
  ServerOptions options = Threads(1);
  options.limits.inflight_bytes = int64_t{1} << 20;
  TestServer server(options);
  v1::MeasureAccuracyRequest large = MakeMeasurement("sigmoid", v1::DTYPE_F32);
  *large.mutable_inputs()->mutable_given()->add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(150'000));
  MeasureStream first(server, LongMeasurement());
  ReadUntilItRuns(first);
  MeasureStream second(server, LongMeasurement());
  ReadUntilItRuns(second);
  EXPECT_LT(server.Metric(kInflight), 1 << 14);
  MeasureStream waiting(server, large);
  v1::AccuracyProgress progress;
  ASSERT_TRUE(waiting.ReadProgress(progress));
  EXPECT_GT(server.Metric(kInflight), 600'000);
  const grpc::Status status = MeasureStream(server, large).Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"1048576", "--max_inflight_bytes"});
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"MeasureAccuracy\",reason=\"inflight_bytes\"}"), 1);
  for (MeasureStream* stream : {&waiting, &second, &first}) {
    stream->Cancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  }
  ExpectNothingLeft(server);
}

}  // namespace
}  // namespace actbench
