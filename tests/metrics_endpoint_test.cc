// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/metrics.h"
#include "tests/http.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

TEST(MetricsEndpointTest, ServesTheExpositionOnAFreePort) {
  Metrics metrics("avx2");
  const absl::StatusOr<std::string> address = metrics.Serve("127.0.0.1:0");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_TRUE(address->starts_with("127.0.0.1:")) << *address;
  EXPECT_GT(PortOf(*address), 0);
  metrics.WorkerBusy(absl::Seconds(3));
  const std::string response = Ask(*address, "GET", "/metrics");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  EXPECT_NE(response.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos);
  const std::string body = Body(response);
  EXPECT_NE(response.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
  EXPECT_EQ(MetricValue(body, "actbench_worker_busy_seconds_total"), 3);
  // Nothing but the table's metrics, that is none of the web server's own.
  size_t families = 0;
  for (const std::string& line : Lines(body)) families += line.starts_with("# TYPE ");
  EXPECT_EQ(families, AllMetrics().size());
}

TEST(MetricsEndpointTest, AnswersHeadAndRefusesOtherMethodsAndPaths) {
  const auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", [] { return std::string("a 1\n"); });
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string address = (*endpoint)->address();
  EXPECT_EQ(Body(Ask(address, "GET", "/metrics")), "a 1\n");
  EXPECT_EQ(Body(Ask(address, "GET", "/metrics?name=x")), "a 1\n");
  const std::string head = Ask(address, "HEAD", "/metrics");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(head.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_EQ(Body(head), "");
  EXPECT_TRUE(Ask(address, "POST", "/metrics").starts_with("HTTP/1.1 405 "));
  for (const char* path : {"/", "/metrics/", "/metricsx", "/../etc/passwd", "/etc/passwd"}) {
    const std::string response = Ask(address, "GET", path);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 404 ") || response.starts_with("HTTP/1.1 400 ")) << path << response;
  }
}

TEST(MetricsEndpointTest, ServesSeveralClientsAtATime) {
  const auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", [] { return std::string(1 << 20, 'x'); });
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  // A client that says nothing keeps nobody else out.
  const Connection silent(PortOf((*endpoint)->address()));
  ASSERT_TRUE(silent.connected());
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] { EXPECT_EQ(Body(Ask((*endpoint)->address(), "GET", "/metrics")).size(), 1u << 20); });
  }
  for (std::thread& client : clients) client.join();
}

TEST(MetricsEndpointTest, ATakenPortIsAClearErrorAndIsFreeAgainAfterwards) {
  auto first = std::make_unique<Metrics>();
  const absl::StatusOr<std::string> address = first->Serve("127.0.0.1:0");
  ASSERT_TRUE(address.ok()) << address.status();
  Metrics second;
  const absl::Status taken = second.Serve(*address).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(taken.message().find(*address), absl::string_view::npos) << taken;
  EXPECT_NE(taken.message().find("Address already in use"), absl::string_view::npos) << taken;
  EXPECT_EQ(first->Serve("127.0.0.1:0").status().code(), absl::StatusCode::kFailedPrecondition);
  first.reset();
  EXPECT_FALSE(Connection(PortOf(*address)).connected());
  const absl::StatusOr<std::string> again = second.Serve(*address);
  EXPECT_TRUE(again.ok()) << again.status();
}

TEST(MetricsEndpointTest, MalformedAddressesAreRefusedWithTheReason) {
  for (const char* address :
       {"", ":", "127.0.0.1", "127.0.0.1:", ":9464", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80s",
        "127.0.0.1:1,127.0.0.1:2", "+:80", "a b:80", "::1:80", "127.0.0.1:+80", "127.0.0.1:99999999999999999999"}) {
    Metrics metrics;
    const absl::Status status = metrics.Serve(address).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address << ": " << status;
    EXPECT_NE(status.message().find("it must be HOST:PORT"), absl::string_view::npos) << status;
  }
  Metrics metrics;
  EXPECT_EQ(metrics.Serve("no-such-host.invalid:0").status().code(), absl::StatusCode::kUnavailable);
  // TEST-NET-1: no machine's own address.
  EXPECT_EQ(metrics.Serve("192.0.2.1:0").status().code(), absl::StatusCode::kUnavailable);
  // After failures it can still be served.
  EXPECT_TRUE(metrics.Serve("localhost:0").ok());
}

TEST(MetricsEndpointTest, StopsSoon) {
  for (const bool has_silent_client : {false, true}) {
    auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", [] { return std::string(); });
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    std::optional<Connection> silent;
    if (has_silent_client) silent.emplace(PortOf((*endpoint)->address()));
    const auto start = std::chrono::steady_clock::now();
    endpoint->reset();
    // Civetweb looks every 2 s whether it shall stop waiting for a client's request.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(has_silent_client ? 5 : 1));
  }
}

}  // namespace
}  // namespace actbench
