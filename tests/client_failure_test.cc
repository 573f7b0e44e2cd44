// SPDX-License-Identifier: Apache-2.0
// What the client library makes of servers that are not there, go away, are slow or have no room.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/blocking_kernel.h"
#include "tests/client_fixture.h"

namespace actbench {
namespace {

using testing::HasSubstr;

// A port of the loopback interface that is this test's own. Nothing listens until `listen` is called.
class BoundPort {
 public:
  BoundPort() {
    sockaddr_in any = {};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(any);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&any), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(any.sin_port));
  }
  ~BoundPort() { close(socket_); }

  void Listen() { EXPECT_EQ(listen(socket_, 1), 0); }
  const std::string& address() const { return address_; }

 private:
  const int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  std::string address_;
};

TEST(ClientFailureTest, WhereNothingListensCallsFailPromptly) {
  const BoundPort port;
  Client client = Client::Connect(port.address());
  const absl::Time start = absl::Now();
  const absl::Status connection = client.WaitForConnection(absl::Seconds(5));
  EXPECT_EQ(connection.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(connection.message()), HasSubstr("Connection refused"));
  EXPECT_EQ(client.ListActivations().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(ClientFailureTest, APortThatNeverSpeaksIsGivenUp) {
  BoundPort port;
  port.Listen();
  Client client = Client::Connect(port.address());
  const absl::Time start = absl::Now();
  EXPECT_EQ(client.WaitForConnection(absl::Seconds(5)).code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(6));
}

TEST(ClientFailureTest, AProxyInTheEnvironmentIsIgnored) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  EXPECT_TRUE(client.ListActivations().ok());
  unsetenv("http_proxy");
}

TEST(ClientFailureTest, AServerThatStopsInTheMiddleIsAnError) {
  Limits limits;
  limits.tensor_elements = 70;  // so that there are thousands of calls
  std::unique_ptr<Server> server = StartServer(limits);
  Client client = Client::Connect(server->address());
  const v1::EvaluateItem item = Item("tanh", v1::DIRECTION_FORWARD, Ramp(Dtype::kF32, 7000000));
  absl::Status status;
  std::thread evaluation([&] { status = client.Evaluate(item).status(); });
  constexpr char kServed[] =
      "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Evaluate\","
      "grpc_service=\"actbench.v1.EvaluationService\",grpc_type=\"unary\"}";
  EXPECT_TRUE(WaitForMetricAtLeast(server->metrics_address(), kServed, 1));
  server.reset();
  evaluation.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST(ClientFailureTest, ATimeoutEndsACall) {
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  const std::unique_ptr<Server> server = StartServer(options);
  Client client = Client::Connect(server->address());
  ASSERT_TRUE(client.GetServerInfo().ok());
  client.set_timeout(absl::Milliseconds(200));
  EXPECT_EQ(client.Evaluate(BlockingKernel::Request().items(0)).status().code(), absl::StatusCode::kDeadlineExceeded);
  blocking.Release();
}

TEST(ClientFailureTest, ATimeoutBoundsASplitEvaluationAsAWhole) {
  Limits limits;
  limits.tensor_elements = 70;  // so that there are thousands of calls, none of which takes long
  const std::unique_ptr<Server> server = StartServer(limits);
  Client client = Client::Connect(server->address());
  const v1::EvaluateItem item = Item("tanh", v1::DIRECTION_FORWARD, Ramp(Dtype::kF32, 7000000));
  client.set_timeout(absl::Milliseconds(300));
  EXPECT_EQ(client.Evaluate(item).status().code(), absl::StatusCode::kDeadlineExceeded);
}

// gRPC says so with a code of HTTP/2, or closes the connection.
TEST(ClientFailureTest, AServerWhoseBuffersAreFullIsNamedAsSuch) {
  ServerOptions options;
  options.memory_quota_bytes = int64_t{1} << 20;
  const std::unique_ptr<Server> server = StartServer(options);
  Client client = Client::Connect(server->address());
  v1::EvaluateItem item = Item("relu", v1::DIRECTION_FORWARD, Ramp(Dtype::kF32, 8 << 20));
  const absl::Status status = client.Evaluate(item).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status) || absl::IsUnavailable(status)) << status;
  if (absl::IsResourceExhausted(status)) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("--memory_quota"));
  }
}

}  // namespace
}  // namespace actbench
