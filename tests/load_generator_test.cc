// SPDX-License-Identifier: Apache-2.0
// Loads of real servers: what is counted as what.
#include "client/load_generator.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "tests/blocking_kernel.h"
#include "tests/client_fixture.h"

namespace actbench::client {
namespace {

using std::chrono::milliseconds;

constexpr char kInFlight[] = "actbench_rpc_inflight{method=\"Evaluate\"}";
constexpr char kServed[] =
    "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Evaluate\","
    "grpc_service=\"actbench.v1.EvaluationService\",grpc_type=\"unary\"}";

class LoadGeneratorTest : public testing::Test {
 protected:
  void Start(const ServerOptions& options = {}, int connections = 1) {
    server_ = StartServer(options);
    for (int i = 0; i < connections; ++i) {
      clients_.push_back(Client::Connect(server_->address()));
      clients_.back().set_timeout(kPatience);
      clients_.back().set_cancellation(&cancellation_);
    }
  }
  // With a kernel that waits.
  void StartBlocking() {
    ServerOptions options;
    options.catalog = &blocking_.catalog();
    Start(options);
  }
  LoadResult Generate(const v1::EvaluateRequest& request, const LoadPlan& plan) {
    return GenerateLoad(absl::MakeSpan(clients_), request, plan, cancellation_);
  }

  BlockingKernel blocking_;
  Cancellation cancellation_;
  std::unique_ptr<Server> server_;
  std::vector<Client> clients_;
};

// 100 requests in 0.2 s, after a warm-up of 50.
LoadPlan BriefPlan() {
  return {.arrivals = Arrivals::kConstant,
          .rate = 500,
          .warm_up = milliseconds(100),
          .duration = milliseconds(200),
          .max_in_flight = 1000,
          .slo_limit = std::chrono::hours(1)};
}

TEST_F(LoadGeneratorTest, EveryRequestAfterTheWarmUpIsMeasured) {
  Start({}, /*connections=*/3);
  v1::EvaluateRequest request = MakeRequest(1000);
  *request.add_items() = request.items(0);
  const LoadResult result = Generate(request, BriefPlan());
  EXPECT_EQ(result.rate, 500);
  EXPECT_EQ(result.seconds, 0.2);
  EXPECT_EQ(result.arrivals, 100);
  EXPECT_EQ(result.succeeded, 100);
  EXPECT_EQ(result.within_slo, 100);
  EXPECT_EQ(result.errors_in_all() + result.dropped() + result.unfinished, 0);
  EXPECT_FALSE(result.interrupted);
  for (const LatencyHistogram* times :
       {&result.latency, &result.lateness, &result.queue, &result.compute, &result.copy, &result.rest}) {
    EXPECT_EQ(times->count(), 100);
  }
  EXPECT_GT(result.compute.min(), 0);
  EXPECT_GT(result.rest.min(), 0);
  // From the request's time, so with its lateness.
  EXPECT_NEAR(
      result.latency.mean(),
      result.lateness.mean() + result.queue.mean() + result.compute.mean() + result.copy.mean() + result.rest.mean(),
      1);
  EXPECT_GT(result.seconds_to_last_success, 0.19);
}

TEST_F(LoadGeneratorTest, AServerInThisProcessDoes) {
  Start();
  clients_.clear();
  clients_.emplace_back(server_->InProcessChannel());
  EXPECT_EQ(Generate(MakeRequest(1000), BriefPlan()).succeeded, 100);
}

// Coordinated omission: a client that waits for the response would have sent one request in that time.
TEST_F(LoadGeneratorTest, AStallIsSeenByEachRequestThatCameMeanwhile) {
  StartBlocking();
  LoadPlan plan = BriefPlan();
  plan.rate = 200;
  plan.warm_up = milliseconds(0);
  plan.duration = milliseconds(500);
  std::thread stall([&] {
    EXPECT_TRUE(WaitForMetricAtLeast(server_->metrics_address(), kInFlight, 1));
    absl::SleepFor(absl::Milliseconds(500));
    blocking_.Release();
  });
  const LoadResult result = Generate(BlockingKernel::Request(), plan);
  stall.join();
  EXPECT_EQ(result.succeeded, 100);
  EXPECT_GE(result.latency.max(), 500'000'000);
  // The requests came evenly over half a second, at the end of which all could be answered.
  EXPECT_GE(result.latency.Quantile(0.5), 240'000'000);
}

TEST_F(LoadGeneratorTest, WhatIsTooMuchInFlightIsDropped) {
  StartBlocking();
  LoadPlan plan = BriefPlan();
  plan.warm_up = milliseconds(0);
  plan.max_in_flight = 3;
  std::thread release([&] {
    EXPECT_TRUE(WaitForMetric(server_->metrics_address(), kInFlight, 3));
    absl::SleepFor(absl::Milliseconds(300));  // longer than the load
    blocking_.Release();
  });
  const LoadResult result = Generate(BlockingKernel::Request(), plan);
  release.join();
  EXPECT_EQ(result.arrivals, 100);
  EXPECT_EQ(result.succeeded, 3);
  EXPECT_EQ(result.dropped_in_flight, 97);
  EXPECT_EQ(result.lateness.count(), 3);
}

TEST_F(LoadGeneratorTest, ErrorsAreCountedByCode) {
  Start();
  v1::EvaluateRequest request = MakeRequest(100);
  *request.add_items() = request.items(0);
  request.mutable_items(1)->set_activation("gelo");
  const LoadResult result = Generate(request, BriefPlan());
  EXPECT_EQ(result.succeeded, 0);
  EXPECT_EQ(result.errors, (std::map<std::string, int64_t>{{"NOT_FOUND", 100}}));
  EXPECT_NE(result.first_error.find("NOT_FOUND: unknown activation \"gelo\""), std::string::npos) << result.first_error;
  EXPECT_EQ(result.latency.count(), 0) << "an error may come soon";
  EXPECT_EQ(result.within_slo, 0);
}

TEST_F(LoadGeneratorTest, ARequestWhoseTimeIsUpIsAnError) {
  StartBlocking();
  clients_[0].set_timeout(absl::Milliseconds(50));
  const LoadResult result = Generate(BlockingKernel::Request(), BriefPlan());
  EXPECT_EQ(result.errors, (std::map<std::string, int64_t>{{"DEADLINE_EXCEEDED", 100}}));
  blocking_.Release();
}

TEST_F(LoadGeneratorTest, AServerThatStopsIsCounted) {
  Start();
  LoadPlan plan = BriefPlan();
  plan.warm_up = milliseconds(0);
  plan.duration = milliseconds(1000);
  std::thread stop([&] {
    EXPECT_TRUE(WaitForMetricAtLeast(server_->metrics_address(), kServed, 1));
    server_.reset();
  });
  const LoadResult result = Generate(MakeRequest(100), plan);
  stop.join();
  EXPECT_EQ(result.arrivals, 500);
  EXPECT_GT(result.succeeded, 0);
  EXPECT_GT(result.errors.at("UNAVAILABLE"), 0);
  EXPECT_EQ(result.succeeded + result.errors_in_all(), 500);
}

TEST_F(LoadGeneratorTest, ACancellationEndsItAtOnce) {
  StartBlocking();
  LoadPlan plan = BriefPlan();
  plan.warm_up = milliseconds(0);
  plan.duration = std::chrono::hours(1);
  plan.max_in_flight = 5;
  std::thread cancel([&] {
    EXPECT_TRUE(WaitForMetric(server_->metrics_address(), kInFlight, 5));
    cancellation_.Cancel();
  });
  const LoadResult result = Generate(BlockingKernel::Request(), plan);
  cancel.join();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.unfinished, 5);
  EXPECT_EQ(result.errors_in_all(), 0) << "the user's wish is no error";
  EXPECT_EQ(result.arrivals, result.unfinished + result.dropped_in_flight);
  EXPECT_GT(result.seconds, 0);
  EXPECT_LT(result.seconds, absl::ToDoubleSeconds(kPatience));
  blocking_.Release();
}

// As no processor sends a million requests in a second.
TEST_F(LoadGeneratorTest, AGeneratorThatCannotKeepUpDropsAndEnds) {
  Start();
  LoadPlan plan = BriefPlan();
  plan.rate = 1e6;
  plan.warm_up = milliseconds(0);
  plan.duration = milliseconds(1200);
  plan.max_in_flight = 1'000'000;
  const LoadResult result = Generate(MakeRequest(1), plan);
  EXPECT_EQ(result.arrivals, 1'200'000);
  EXPECT_GT(result.dropped_late, 0);
  EXPECT_GT(result.succeeded, 0);
  EXPECT_LE(result.lateness.max(), 1'000'000'000);
  EXPECT_TRUE(JudgePunctuality({}, result).late);
}

}  // namespace
}  // namespace actbench::client
