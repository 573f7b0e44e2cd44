// SPDX-License-Identifier: Apache-2.0
// What a server learns about the accuracy of the kernels that serve, through gRPC.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/server_fixture.h"

namespace actbench {
namespace {

// Of silu in f32, the scalar kernel.
std::string Series(const std::string& metric, const std::string& source) {
  return "actbench_accuracy_" + metric + "{activation=\"silu\",device=\"cpu\",direction=\"forward\",dtype=\"f32\"," +
         "isa=\"scalar\",provider=\"actbench\",source=\"" + source + "\",tier=\"fast\"}";
}

v1::EvaluateRequest ScalarRequest(size_t elements) {
  v1::EvaluateRequest request = MakeRequest(elements);
  request.mutable_items(0)->mutable_selector()->set_isa("scalar");
  return request;
}

ServerOptions Sampling(double rate) {
  ServerOptions options;
  options.accuracy_sample_rate = rate;
  return options;
}

TEST(AccuracyMonitorTest, AnswersAreSampledAndCompared) {
  TestServer server(Sampling(1));
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(ScalarRequest(10), response).ok());
  ASSERT_TRUE(server.Evaluate(ScalarRequest(100'000), response).ok());
  EXPECT_TRUE(server.WaitForMetric(Series("checked_elements_total", "live"), 74));
  EXPECT_GT(server.Metric(Series("max_ulp", "live")), 0);
  EXPECT_LE(server.Metric(Series("max_ulp", "live")), 2);
  EXPECT_GT(server.Metric(Series("last_check_timestamp_seconds", "live")), 1e9);
}

TEST(AccuracyMonitorTest, NothingIsSampledUnlessAsked) {
  TestServer server;
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(ScalarRequest(100'000), response).ok());
  EXPECT_TRUE(server.WaitForMetric("actbench_worker_threads_busy", 0));
  EXPECT_EQ(FetchMetrics(server.server->metrics_address()).find("source="), std::string::npos);
}

TEST(AccuracyMonitorTest, AnswersDoNotWaitForChecksNorDoesTheEnd) {
  TestServer server(Sampling(1));
  // Each leaves checks that take 64 x 10 us and more.
  v1::EvaluateRequest request;
  v1::EvaluateItem& item = *request.add_items();
  item.set_activation("gelu_erf");
  item.set_direction(v1::DIRECTION_FORWARD);
  *item.add_inputs() = MakeTensor(v1::DTYPE_F64, std::vector<double>(64, 1.25));
  for (int i = 0; i < 200; ++i) {
    v1::EvaluateResponse response;
    ASSERT_TRUE(server.Evaluate(request, response).ok());
  }
  // Whatever still waits is left out.
  EXPECT_TRUE(server.server->Shutdown(kPatience));
}

TEST(AccuracyMonitorTest, KernelsThatServedAreCheckedInTheBackground) {
  ServerOptions options;
  options.self_check = true;
  TestServer server(options);
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(ScalarRequest(10), response).ok());
  EXPECT_TRUE(
      WaitForMetricAtLeast(server.server->metrics_address(), Series("checked_elements_total", "self_check"), 2000));
  EXPECT_LE(server.Metric(Series("max_ulp", "self_check")), 2);
  EXPECT_EQ(FetchMetrics(server.server->metrics_address()).find("isa=\"sse4\""), std::string::npos);
  // No request is waited for.
  EXPECT_TRUE(server.server->Shutdown(absl::ZeroDuration()));
}

TEST(AccuracyMonitorTest, ARateOutsideOfZeroToOneIsRefused) {
  for (const double rate : {-0.1, 1.1, static_cast<double>(NAN)}) {
    ServerOptions options = Sampling(rate);
    options.address = "127.0.0.1:0";
    const absl::Status status = Server::Start(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    ExpectContains(std::string(status.message()), {"--accuracy_sample_rate", "from 0 to 1"});
  }
}

}  // namespace
}  // namespace actbench
