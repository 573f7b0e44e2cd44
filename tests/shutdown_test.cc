// SPDX-License-Identifier: Apache-2.0
// How work ends before it is finished: by cancel, by deadline, and with the server.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/blocking_kernel.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

constexpr char kBusy[] = "actbench_worker_threads_busy";
constexpr char kWaiting[] = "actbench_queue_depth{class=\"interactive\"}";
constexpr char kStoppedQueued[] = "actbench_rpc_cancelled_work_total{stage=\"queued\"}";
constexpr char kStoppedRunning[] = "actbench_rpc_cancelled_work_total{stage=\"running\"}";

// A server with one worker and the blocking kernel.
class BlockedServer {
 public:
  BlockedServer() : server_(Options(blocking_.catalog())) {}
  ~BlockedServer() { Release(); }
  TestServer* operator->() { return &server_; }
  void Release() { blocking_.Release(); }

 private:
  static ServerOptions Options(const Catalog& catalog) {
    ServerOptions options;
    options.threads = 1;
    options.catalog = &catalog;
    return options;
  }

  BlockingKernel blocking_;
  TestServer server_;
};

TEST(CancelTest, StopsRunningAndQueuedWork) {
  BlockedServer server;
  const v1::EvaluateRequest request = BlockingKernel::Request();
  constexpr size_t kCalls = 3;
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<grpc::Status> statuses(kCalls);
  std::vector<std::thread> clients;
  for (size_t i = 0; i < kCalls; ++i) {
    clients.emplace_back([&, i] {
      v1::EvaluateResponse response;
      statuses[i] = server->evaluation->Evaluate(&contexts[i], request, &response);
    });
  }
  EXPECT_TRUE(server->WaitForMetric(kBusy, 1));
  EXPECT_TRUE(server->WaitForMetric(kWaiting, 2));
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  for (std::thread& client : clients) client.join();
  for (const grpc::Status& status : statuses) EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  EXPECT_TRUE(server->WaitForMetric(kStoppedQueued, 2));
  EXPECT_TRUE(server->WaitForMetric(kStoppedRunning, 1));
  server.Release();
  EXPECT_TRUE(server->WaitForMetric(kBusy, 0));
  EXPECT_TRUE(server->WaitForMetric("actbench_inflight_bytes", 0));
  v1::EvaluateResponse response;
  EXPECT_TRUE(server->Evaluate(MakeRequest(10), response).ok());
}

TEST(DeadlineTest, StopsTheWork) {
  BlockedServer server;
  v1::EvaluateResponse response;
  ASSERT_TRUE(server->Evaluate(MakeRequest(1), response).ok());  // connects
  const grpc::Status status = server->Evaluate(BlockingKernel::Request(), response, absl::Seconds(1));
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server->WaitForMetric(kStoppedRunning, 1));
  server.Release();
  EXPECT_TRUE(server->WaitForMetric(kBusy, 0));
  EXPECT_TRUE(server->WaitForMetric("actbench_inflight_bytes", 0));
}

TEST(DeadlineTest, LeavesWorkThatIsInTimeAlone) {
  TestServer server;
  v1::EvaluateResponse response;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(server.Evaluate(MakeRequest(100), response, kPatience).ok());
  EXPECT_EQ(server.Metric("actbench_rpc_cancelled_work_total{stage=\"running\"}"), 0);
}

// ---- Drain ----

TEST(DrainTest, FinishesAcceptedWorkAndRefusesNew) {
  BlockedServer server;
  grpc::Status accepted;
  v1::EvaluateResponse accepted_response;
  std::thread client([&] { accepted = server->Evaluate(BlockingKernel::Request(), accepted_response); });
  ASSERT_TRUE(server->WaitForMetric(kBusy, 1));
  std::atomic<bool> finished = false;
  std::thread stop([&] { finished = server->server->Shutdown(kPatience); });
  ASSERT_TRUE(server->WaitForMetric("actbench_draining", 1));
  v1::EvaluateResponse response;
  grpc::Status refused;
  do {
    refused = server->Evaluate(MakeRequest(10), response, absl::Seconds(1));
  } while (refused.ok() || refused.error_code() == grpc::DEADLINE_EXCEEDED);  // until the scheduler has been told
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
  ExpectContains(refused.error_message(), {"stopping"});
  EXPECT_EQ(server->Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"draining\"}"), 1);
  server.Release();
  client.join();
  stop.join();
  EXPECT_TRUE(accepted.ok()) << accepted.error_message();
  EXPECT_EQ(accepted_response.results(0).outputs(0).data(), BlockingKernel::Request().items(0).inputs(0).data());
  EXPECT_TRUE(finished);
}

TEST(DrainTest, CancelsWhatIsNotFinishedInTime) {
  BlockedServer server;
  grpc::Status status;
  v1::EvaluateResponse response;
  std::thread client([&] { status = server->Evaluate(BlockingKernel::Request(), response); });
  ASSERT_TRUE(server->WaitForMetric(kBusy, 1));
  // Chunks that have started are waited for all the same.
  std::thread release([&] {
    EXPECT_TRUE(server->WaitForMetric(kStoppedRunning, 1));
    server.Release();
  });
  EXPECT_FALSE(server->server->Shutdown(absl::Milliseconds(100)));
  client.join();
  release.join();
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
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));  // gRPC hangs for 10 s where it is shut down wrongly
  enough = true;
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace actbench
