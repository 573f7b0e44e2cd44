// SPDX-License-Identifier: Apache-2.0
#include "server/address.h"

#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "proto/address.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

TEST(HostPortTest, IsReadAsItIsWritten) {
  for (const char* address :
       {"127.0.0.1:50051", "localhost:0", "my_host-2.example:65535", "[::1]:80", "[fe80::1%lo]:1"}) {
    const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->WithPort(parsed->port), address);
  }
  EXPECT_EQ(ParseHostPort("[::1]:80")->host, "::1");
}

TEST(HostPortTest, EverythingElseIsRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no port"},           {"localhost", "no port"},   {":1", "no host"},
      {"localhost:", "port"},    {"localhost:x", "port"},    {"localhost:65536", "port"},
      {"localhost:-1", "port"},  {"127.0.0.1:+80", "port"},  {"127.0.0.1:99999999999999999999", "port"},
      {"::1:80", "in brackets"}, {"[::1:80", "in brackets"}, {"127.0.0.1:1,127.0.0.1:2", "host"},
      {"a b:80", "host"},        {"http://host:80", "host"}, {"[]:80", "host"},
      {"[zz]:80", "IPv6"},       {"[::1%]x]:80", "host"},    {"[host]:80", "IPv6"}};
  for (const auto& [address, reason] : cases) {
    const absl::Status status = ParseHostPort(address).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    ExpectContains(std::string(status.message()), {address, reason, "it must be HOST:PORT"});
  }
}

ServerOptions At(const std::string& address, const std::string& metrics_address = "") {
  ServerOptions options;
  options.address = address;
  options.metrics_address = metrics_address;
  return options;
}

// Makes a Unix socket on which no one listens.
void LeaveSocket(const std::string& path) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof(name.sun_path) - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  ::close(socket);
}

TEST(AddressTest, TellsTheRealPorts) {
  const auto server = Server::Start(At("127.0.0.1:0", "127.0.0.1:0"));
  ASSERT_TRUE(server.ok()) << server.status();
  for (const std::string& address : {(*server)->address(), (*server)->metrics_address()}) {
    EXPECT_TRUE(address.starts_with("127.0.0.1:")) << address;
    EXPECT_GT(std::stoi(address.substr(10)), 0) << address;
  }
}

TEST(AddressTest, ServesInProcessWithoutAListener) {
  const auto server = Server::Start(At(""));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->address(), "");
  EXPECT_EQ((*server)->metrics_address(), "");
  const auto stub = v1::EvaluationService::NewStub((*server)->InProcessChannel());
  grpc::ClientContext context;
  v1::EvaluateResponse response;
  // Larger than gRPC's own limit for a client, 4 MiB.
  const grpc::Status status = stub->Evaluate(&context, MakeRequest(size_t{2} << 20), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.results(0).outputs(0).data().size(), size_t{8} << 20);
}

TEST(AddressTest, ServesOnUnixSockets) {
  const std::string path = testing::TempDir() + "actbench_address_test." + std::to_string(getpid()) + ".sock";
  const std::string address = "unix:" + path;
  {
    const auto server = Server::Start(At(address));
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ((*server)->address(), address);
    const auto stub = v1::EvaluationService::NewStub(Connect(address));
    grpc::ClientContext context;
    v1::EvaluateResponse response;
    EXPECT_TRUE(stub->Evaluate(&context, MakeRequest(10), &response).ok());
    const auto second = Server::Start(At(address));
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    ExpectContains(std::string(second.status().message()), {address, "another server"});
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  // A socket that a killed server left is no obstacle.
  LeaveSocket(path);
  EXPECT_TRUE(Server::Start(At(address)).ok());
  std::ofstream(path) << "not a socket";
  EXPECT_EQ(Server::Start(At(address)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST(AddressTest, RefusesATakenPortAndSaysSo) {
  const auto first = Server::Start(At("127.0.0.1:0", "127.0.0.1:0"));
  ASSERT_TRUE(first.ok());
  const auto second = Server::Start(At((*first)->address()));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  ExpectContains(std::string(second.status().message()), {(*first)->address(), "Address already in use"});
  const auto third = Server::Start(At("127.0.0.1:0", (*first)->metrics_address()));
  EXPECT_FALSE(third.ok());
  ExpectContains(std::string(third.status().message()), {(*first)->metrics_address()});
}

// gRPC would serve on the other one, and clients would find the program that has the first.
TEST(AddressTest, RefusesANameOfWhichOneAddressIsTaken) {
  ServerOptions options = At("[::1]:0");
  const auto first = Server::Start(options);
  addrinfo hints = {};
  hints.ai_family = AF_INET6;
  addrinfo* found = nullptr;
  const bool has_both = ::getaddrinfo("localhost", nullptr, &hints, &found) == 0;
  if (found != nullptr) ::freeaddrinfo(found);
  if (!first.ok() || !has_both) GTEST_SKIP() << "localhost has no IPv6 address here";
  const std::string taken = "localhost" + (*first)->address().substr((*first)->address().rfind(':'));
  const absl::Status status = Server::Start(At(taken)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  ExpectContains(std::string(status.message()), {taken, "Address already in use"});
}

TEST(AddressTest, RefusesAddressesThatOthersCanReachUnlessAllowed) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.evil.example:0"}) {
    const absl::Status status = Server::Start(At(address)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << address;
    ExpectContains(std::string(status.message()), {address, "--allow_insecure_bind"});
  }
  const absl::Status metrics = Server::Start(At("127.0.0.1:0", "0.0.0.0:0")).status();
  EXPECT_EQ(metrics.code(), absl::StatusCode::kFailedPrecondition);
  ExpectContains(std::string(metrics.message()), {"--metrics_address", "--allow_insecure_bind"});
  ServerOptions options = At("0.0.0.0:0");
  options.allow_insecure_bind = true;
  EXPECT_TRUE(Server::Start(options).ok());
}

TEST(AddressTest, RejectsMalformedAddresses) {
  for (const char* address :
       {"localhost", ":1", "localhost:", "localhost:x", "localhost:65536", "localhost:-1", "unix:"}) {
    EXPECT_EQ(Server::Start(At(address)).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
  const std::string long_path(200, 'x');
  ExpectContains(std::string(Server::Start(At("unix:" + long_path)).status().message()), {long_path, "200 bytes"});
  EXPECT_EQ(Server::Start(At("unix:/no/such/directory/x")).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(AddressTest, AdvisesWhatTheFlagTakes) {
  ExpectContains(std::string(Server::Start(At("nowhere")).status().message()),
                 {"--address \"nowhere\"", "HOST:PORT", "unix:PATH"});
  for (const std::string address : {"nowhere", "unix:/x"}) {
    const absl::Status status = Server::Start(At("127.0.0.1:0", address)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    ExpectContains(std::string(status.message()), {"--metrics_address \"" + address + "\"", "HOST:PORT"});
    EXPECT_EQ(status.message().find("unix:PATH"), absl::string_view::npos) << status;
  }
}

}  // namespace
}  // namespace actbench
