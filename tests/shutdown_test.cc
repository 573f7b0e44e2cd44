// SPDX-License-Identifier: Apache-2.0
// How work ends before it is finished: by cancel, by deadline, and with the server.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/server_fixture.h"

namespace actbench {
namespace {

constexpr char kBusy[] = "actbench_worker_threads_busy";

TEST(CancelTest, StopsRunningAndQueuedWork) {
  ServerOptions options;
  options.threads = 1;
  TestServer server(options);
  const v1::EvaluateRequest slow = MakeSlowRequest();
  constexpr int kCalls = 3;
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<grpc::Status> statuses(kCalls);
  std::vector<std::thread> clients;
  for (int i = 0; i < kCalls; ++i) {
    clients.emplace_back([&, i] {
      v1::EvaluateResponse response;
      statuses[static_cast<size_t>(i)] =
          server.evaluation->Evaluate(&contexts[static_cast<size_t>(i)], slow, &response);
    });
  }
  // All have arrived, and none can be done.
  EXPECT_TRUE(server.WaitForMetric("actbench_rpc_inflight{method=\"Evaluate\"}", kCalls));
  EXPECT_TRUE(server.WaitForMetric("actbench_queue_wait_seconds_count", 1));
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  for (std::thread& client : clients) client.join();
  for (const grpc::Status& status : statuses) EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  // The server stops too: long before the work could be done.
  EXPECT_TRUE(server.WaitForMetric(kBusy, 0));
  EXPECT_TRUE(server.WaitForMetric("actbench_inflight_bytes", 0));
  EXPECT_EQ(server.Metric("actbench_rpc_cancelled_work_total{stage=\"queued\"}") +
                server.Metric("actbench_rpc_cancelled_work_total{stage=\"running\"}"),
            kCalls);
  v1::EvaluateResponse response;
  EXPECT_TRUE(server.Evaluate(MakeRequest(10), response).ok());
}

TEST(CancelTest, StopsTheWorkOfAClientThatIsGone) {
  TestServer server;
  {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    v1::EvaluateResponse response;
    grpc::Status status;
    auto channel = Connect(server.server->address());
    auto stub = v1::EvaluationService::NewStub(channel);
    auto call = stub->AsyncEvaluate(&context, MakeSlowRequest(), &queue);
    call->Finish(&response, &status, nullptr);
    EXPECT_TRUE(server.WaitForMetric("actbench_queue_wait_seconds_count", 1));
    context.TryCancel();
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
  }
  EXPECT_TRUE(server.WaitForMetric(kBusy, 0));
  EXPECT_EQ(server.Metric("actbench_rpc_cancelled_work_total{stage=\"running\"}"), 1);
}

TEST(DeadlineTest, StopsTheWork) {
  TestServer server;
  v1::EvaluateResponse response;
  const grpc::Status status = server.Evaluate(MakeSlowRequest(), response, absl::Milliseconds(300));
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server.WaitForMetric(kBusy, 0));
  EXPECT_TRUE(server.WaitForMetric("actbench_inflight_bytes", 0));
}

TEST(DeadlineTest, LeavesWorkThatIsInTimeAlone) {
  TestServer server;
  v1::EvaluateResponse response;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(server.Evaluate(MakeRequest(100), response, kPatience).ok());
  EXPECT_EQ(server.Metric("actbench_rpc_cancelled_work_total{stage=\"running\"}"), 0);
}

// ---- Drain ----

TEST(DrainTest, FinishesAcceptedWorkAndRefusesNew) {
  ServerOptions options;
  options.threads = 1;
  TestServer server(options);
  // Some seconds of work at most, so that the drain can be watched.
  v1::EvaluateRequest request = MakeSlowRequest();
  for (v1::Tensor& tensor : *request.mutable_items(0)->mutable_inputs()) {
    tensor.set_shape(0, 20'000);
    tensor.mutable_data()->resize(160'000);
  }
  grpc::Status accepted;
  v1::EvaluateResponse accepted_response;
  std::thread client([&] { accepted = server.Evaluate(request, accepted_response); });
  ASSERT_TRUE(server.WaitForMetric(kBusy, 1));
  std::atomic<bool> finished = false;
  std::thread stop([&] { finished = server.server->Shutdown(kPatience); });
  ASSERT_TRUE(server.WaitForMetric("actbench_draining", 1));
  v1::EvaluateResponse response;
  grpc::Status refused;
  do {
    refused = server.Evaluate(MakeRequest(10), response);
  } while (refused.ok());  // until the scheduler has been told, an instant later
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
  ExpectContains(refused.error_message(), {"stopping"});
  client.join();
  stop.join();
  EXPECT_TRUE(accepted.ok()) << accepted.error_message();
  EXPECT_EQ(accepted_response.results(0).error().checked(), 20'000);
  EXPECT_TRUE(finished);
}

TEST(DrainTest, CancelsWhatIsNotFinishedInTime) {
  TestServer server;
  grpc::Status status;
  v1::EvaluateResponse response;
  std::thread client([&] { status = server.Evaluate(MakeSlowRequest(), response); });
  ASSERT_TRUE(server.WaitForMetric("actbench_queue_wait_seconds_count", 1));
  EXPECT_FALSE(server.server->Shutdown(absl::Milliseconds(100)));
  client.join();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
}

TEST(DrainTest, DestructionUnderLoadEndsAtOnce) {
  auto server = std::make_unique<TestServer>();
  const std::string address = server->server->address();
  std::atomic<bool> enough = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      const auto stub = v1::EvaluationService::NewStub(Connect(address));
      while (!enough) {
        grpc::ClientContext context;
        context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
        v1::EvaluateResponse response;
        const grpc::Status status = stub->Evaluate(&context, MakeRequest(50'000), &response);
        if (status.ok()) continue;
        // The latter is how gRPC ends calls that arrive between its last look and the closing of the connection.
        EXPECT_TRUE(status.error_code() == grpc::UNAVAILABLE || status.error_code() == grpc::CANCELLED)
            << status.error_code() << " " << status.error_message();
      }
    });
  }
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time start = absl::Now();
  server.reset();
  EXPECT_LT(absl::Now() - start, kPatience / 2);
  enough = true;
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace actbench
