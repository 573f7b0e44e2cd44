// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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

std::string Unpack(const std::string& packed) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);  // gzip's format
  std::string text(1 << 20, '\0');
  std::string copy = packed;
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(MetricsEndpointTest, PacksWhatItIsAskedToPack) {
  const std::string text = std::string(100000, 'a') + "\n";
  const auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", [&text] { return text; });
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const auto ask = [&endpoint](const std::string& encodings) {
    return Connection(PortOf((*endpoint)->address()))
        .Ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: " + encodings + "\r\n\r\n");
  };
  for (const char* encodings : {"gzip", "deflate, gzip;q=1.0, *;q=0.5"}) {
    const std::string packed = ask(encodings);
    EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos) << encodings;
    EXPECT_NE(packed.find("Content-Length: " + std::to_string(Body(packed).size()) + "\r\n"), std::string::npos);
    EXPECT_LT(Body(packed).size(), 2000u);
    EXPECT_EQ(Unpack(Body(packed)), text);
  }
  for (const char* encodings : {"identity", "gzip;q=0", "deflate"}) EXPECT_EQ(Body(ask(encodings)), text) << encodings;
}

// What Prometheus, which accepts gzip, gets each time once as many kernels as may be have all series.
TEST(MetricsEndpointTest, AllSeriesAreLessThanAMegabytePacked) {
  Metrics metrics("avx2");
  const AccuracyReport report;
  for (size_t i = 0; i < Metrics::kMaxKernelSeries; ++i) {
    const Kernel kernel = {absl::StrCat("some_activation_", i),
                           Direction::kGradient,
                           Dtype::kF32,
                           "actbench",
                           "exact",
                           "cpu",
                           "avx512",
                           {}};
    metrics.KernelRan(kernel, absl::Microseconds(1.2345 * static_cast<double>(i)), 1000, 8000);
    metrics.AccuracyCertified(kernel, 0.5, 0.25, absl::Now());
    for (const AccuracySource source : {AccuracySource::kSelfCheck, AccuracySource::kLive}) {
      metrics.AccuracyChecked(kernel, source, report);
    }
    for (const WorkingSet set : {WorkingSet::kL1, WorkingSet::kL2, WorkingSet::kL3, WorkingSet::kDram}) {
      metrics.BenchmarkMeasured(kernel, set, 1.2345e-10 * static_cast<double>(i + 1), 0.012345);
    }
  }
  const absl::StatusOr<std::string> address = metrics.Serve("127.0.0.1:0");
  ASSERT_TRUE(address.ok()) << address.status();
  const std::string packed =
      Connection(PortOf(*address)).Ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_LT(packed.size(), 1u << 20);
  EXPECT_EQ(Lines(metrics.Text()).size(), Lines(FetchMetrics(*address)).size());
  EXPECT_GT(Lines(metrics.Text()).size(), 20000u) << "not all series";
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
