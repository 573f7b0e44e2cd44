// SPDX-License-Identifier: Apache-2.0
// The server as its clients see it: the catalog, limits, addresses, health and reflection.
#include "server/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/server_fixture.h"

namespace actbench {
namespace {

// ---- The catalog ----

class CatalogServiceTest : public testing::Test {
 protected:
  grpc::Status ListKernels(const v1::ListKernelsRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    return server_.catalog->ListKernels(&context, request, &response_);
  }

  TestServer server_;
  v1::ListKernelsResponse response_;
};

TEST_F(CatalogServiceTest, ListsEveryActivation) {
  grpc::ClientContext context;
  v1::ListActivationsResponse response;
  ASSERT_TRUE(server_.catalog->ListActivations(&context, {}, &response).ok());
  const auto all = AllActivations();
  ASSERT_EQ(static_cast<size_t>(response.activations_size()), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const v1::Activation& listed = response.activations(static_cast<int>(i));
    EXPECT_EQ(listed.name(), all[i]->name);
    EXPECT_EQ(static_cast<size_t>(listed.input_count()), all[i]->inputs);
    EXPECT_EQ(static_cast<size_t>(listed.parameters_size()), all[i]->Parameters().size());
    EXPECT_EQ(static_cast<size_t>(listed.aliases_size()), all[i]->Aliases().size());
    EXPECT_FALSE(listed.summary().empty());
    EXPECT_LT(listed.domain_min(), listed.domain_max());
  }
}

TEST_F(CatalogServiceTest, ListsEveryKernelByDefault) {
  ASSERT_TRUE(ListKernels({}).ok());
  EXPECT_EQ(static_cast<size_t>(response_.kernels_size()), Catalog::Default().kernels().size());
  EXPECT_EQ(response_.kernels(0).name(), Catalog::Default().kernels()[0].Name());
}

TEST_F(CatalogServiceTest, ListsTheKernelsThatMatchEveryFilter) {
  v1::ListKernelsRequest request;
  request.set_activation("torch:SiLU");
  request.set_direction(v1::DIRECTION_GRADIENT);
  request.set_dtype(v1::DTYPE_BF16);
  request.mutable_selector()->set_isa("scalar");
  ASSERT_TRUE(ListKernels(request).ok());
  ASSERT_EQ(response_.kernels_size(), 1);
  EXPECT_EQ(response_.kernels(0).name(), "silu/gradient/bf16/actbench/fast/scalar");
  request.mutable_selector()->set_device("nowhere");
  ASSERT_TRUE(ListKernels(request).ok());
  EXPECT_EQ(response_.kernels_size(), 0);
}

TEST_F(CatalogServiceTest, DoesNotFindKernelsOfUnknownActivations) {
  v1::ListKernelsRequest request;
  request.set_activation("sillu");
  const grpc::Status status = ListKernels(request);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  ExpectContains(status.error_message(), {"sillu", "silu"});
}

TEST_F(CatalogServiceTest, RejectsFiltersThatAreNoValues) {
  v1::ListKernelsRequest request;
  request.set_dtype(static_cast<v1::Dtype>(77));
  EXPECT_EQ(ListKernels(request).error_code(), grpc::INVALID_ARGUMENT);
  request.set_dtype(v1::DTYPE_F32);
  request.set_direction(static_cast<v1::Direction>(77));
  EXPECT_EQ(ListKernels(request).error_code(), grpc::INVALID_ARGUMENT);
}

TEST(ServerInfoTest, TellsTheBuildTheMachineAndTheLimits) {
  ServerOptions options;
  options.threads = 3;
  options.limits.batch_items = 17;
  TestServer server(options);
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(server.catalog->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.threads(), 3);
  EXPECT_EQ(info.limits().batch_items(), 17);
  EXPECT_EQ(info.limits().message_size_bytes(), options.limits.message_size_bytes);
  EXPECT_EQ(info.limits().tensor_elements(), options.limits.tensor_elements);
  EXPECT_EQ(info.limits().measured_elements(), options.limits.measured_elements);
  EXPECT_EQ(info.limits().queue_length(), options.limits.queue_length);
  EXPECT_EQ(info.limits().inflight_bytes(), options.limits.inflight_bytes);
  EXPECT_FALSE(info.build().version().empty());
  EXPECT_FALSE(info.build().compiler().empty());
  EXPECT_FALSE(info.build().grpc_version().empty());
  EXPECT_FALSE(info.machine().cpu_model().empty());
  EXPECT_GE(info.machine().cpu_count(), 1);
  ASSERT_GE(info.machine().isas_size(), 1);
  EXPECT_EQ(info.machine().isas(0), "scalar");
  ASSERT_GE(info.machine().devices_size(), 1);
  EXPECT_EQ(info.machine().devices(0), "cpu");
}

// ---- Errors of calls ----

TEST(LimitTest, RefusesTooManyItems) {
  ServerOptions options;
  options.limits.batch_items = 2;
  TestServer server(options);
  v1::EvaluateRequest request;
  for (int i = 0; i < 3; ++i) *request.add_items() = MakeItem(1);
  v1::EvaluateResponse response;
  const grpc::Status status = server.Evaluate(request, response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"3 items", "at most 2", "--max_batch_items"});
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"too_large\"}"), 1);
}

TEST(LimitTest, RefusesMessagesThatAreTooLarge) {
  ServerOptions options;
  options.limits.message_size_bytes = 100'000;
  TestServer server(options);
  v1::EvaluateResponse response;
  EXPECT_TRUE(server.Evaluate(MakeRequest(20'000), response).ok());
  const grpc::Status status = server.Evaluate(MakeRequest(30'000), response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"100000"});
}

TEST(LimitTest, RefusesTheItemWhoseResultMakesTheResponseTooLarge) {
  ServerOptions options;
  options.limits.message_size_bytes = 100'000;
  TestServer server(options);
  v1::EvaluateRequest request;
  for (int i = 0; i < 2; ++i) {
    *request.add_items() = MakeItem(10'000);
    request.mutable_items(i)->set_output_dtype(v1::DTYPE_F64);
  }
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(request, response).ok());
  EXPECT_EQ(response.results(0).status().code(), 0);
  EXPECT_EQ(response.results(1).status().code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(response.results(1).status().message(), {"response", "at most 100000", "--max_message_bytes"});
}

TEST(LimitTest, RefusesMoreBytesThanMayBeInWork) {
  ServerOptions options;
  options.limits.inflight_bytes = 1000;
  TestServer server(options);
  v1::EvaluateResponse response;
  EXPECT_TRUE(server.Evaluate(MakeRequest(250), response).ok());
  grpc::Status status = server.Evaluate(MakeRequest(251), response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"1004 bytes", "at most 1000", "--max_inflight_bytes"});
  // What was taken is given back.
  EXPECT_TRUE(server.Evaluate(MakeRequest(250), response).ok());
  EXPECT_TRUE(server.WaitForMetric("actbench_inflight_bytes", 0));
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"inflight_bytes\"}"), 1);
}

TEST(LimitTest, RefusesRequestsWhenTheQueueIsFullAndServesTheOthers) {
  ServerOptions options;
  options.threads = 1;
  options.limits.queue_length = 1;
  TestServer server(options);
  v1::EvaluateRequest request = MakeSlowRequest();
  for (v1::Tensor& tensor : *request.mutable_items(0)->mutable_inputs()) {
    tensor.set_shape(0, 100);
    tensor.mutable_data()->resize(800);
  }
  constexpr size_t kCalls = 40;
  std::array<grpc::Status, kCalls> statuses;
  std::vector<std::thread> clients;
  for (grpc::Status& status : statuses) {
    clients.emplace_back([&] {
      v1::EvaluateResponse response;
      status = server.Evaluate(request, response);
    });
  }
  for (std::thread& client : clients) client.join();
  size_t refused = 0;
  for (const grpc::Status& status : statuses) {
    if (status.ok()) continue;
    ++refused;
    EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
    ExpectContains(status.error_message(), {"the queue is full", "at most 1", "--max_queue_length"});
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, kCalls);
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"queue_full\"}"),
            static_cast<double>(refused));
}

TEST(LimitTest, RefusesCompressedMessages) {
  TestServer server;
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    v1::EvaluateResponse response;
    const grpc::Status status = server.evaluation->Evaluate(&context, MakeRequest(1000), &response);
    EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED) << status.error_message();
  }
}

TEST(LimitTest, CountsWhatItServedAndRefusedInMetrics) {
  TestServer server;
  v1::EvaluateRequest request = MakeRequest(1000);
  *request.add_items() = MakeItem(1);
  request.mutable_items(1)->set_activation("nothing");
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(request, response).ok());
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"invalid\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_queue_wait_seconds_count"), 1);
  EXPECT_EQ(server.Metric("actbench_rpc_request_bytes_count{method=\"Evaluate\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_rpc_request_bytes_sum{method=\"Evaluate\"}"),
            static_cast<double>(request.ByteSizeLong()));
  EXPECT_EQ(server.Metric("actbench_rpc_response_bytes_sum{method=\"Evaluate\"}"),
            static_cast<double>(response.ByteSizeLong()));
  EXPECT_EQ(server.Metric("actbench_ready"), 1);
  EXPECT_EQ(server.Metric("actbench_draining"), 0);
}

// ---- Health, reflection, and what no generated client sends ----

// A call of any shape whose messages are encoded here: their generated code is not part of Debian's gRPC.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method) : stub_(channel) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    call_ = stub_.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }
  ~RawCall() {
    if (call_ == nullptr) return;
    context_.TryCancel();
    Finish();
  }

  // Waits for the end of the call; at most once.
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Wait();
    call_ = nullptr;
    return status;
  }

  // Sends `request` and returns the next response; "failed" if there is none.
  std::string Exchange(const std::string& request) {
    const grpc::Slice slice(request);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    Wait();
    return Read();
  }
  std::string Read() {
    grpc::ByteBuffer response;
    call_->Read(&response, this);
    if (!Wait()) return "failed";
    std::vector<grpc::Slice> slices;
    (void)response.Dump(&slices);
    std::string text;
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return text;
  }

 private:
  bool Wait() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

// A message whose field `number` is `value`.
std::string StringField(int number, const std::string& value) {
  std::string message(1, static_cast<char>(number << 3 | 2));
  message.push_back(static_cast<char>(value.size()));
  return message + value;
}

// HealthCheckResponse: field 1 is the status; 1 is SERVING, 2 NOT_SERVING.
const std::string kServing = "\x08\x01";
const std::string kNotServing = "\x08\x02";

TEST(MalformedTest, SaysThatARequestCannotBeParsed) {
  TestServer server;
  RawCall call(server.channel, "/actbench.v1.EvaluationService/Evaluate");
  EXPECT_EQ(call.Exchange("\xff\xff\xff"), "failed");
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status.error_message(), {"3 bytes are no actbench.v1.EvaluateRequest"});
}

TEST(HealthTest, ServesEveryService) {
  TestServer server;
  for (const char* service : {"", "actbench.v1.CatalogService", "actbench.v1.EvaluationService"}) {
    RawCall check(server.channel, "/grpc.health.v1.Health/Check");
    EXPECT_EQ(check.Exchange(StringField(1, service)), kServing) << service;
  }
  RawCall unknown(server.channel, "/grpc.health.v1.Health/Check");
  EXPECT_EQ(unknown.Exchange(StringField(1, "actbench.v1.NoService")), "failed");
}

TEST(HealthTest, TellsWatchersWhenTheServerStops) {
  TestServer server;
  RawCall watch(server.channel, "/grpc.health.v1.Health/Watch");
  EXPECT_EQ(watch.Exchange(StringField(1, "actbench.v1.EvaluationService")), kServing);
  std::thread stop([&] { EXPECT_TRUE(server.server->Shutdown(kPatience)); });
  EXPECT_EQ(watch.Read(), kNotServing);
  stop.join();
}

TEST(ReflectionTest, ListsTheServicesAndDescribesThem) {
  TestServer server;
  RawCall call(server.channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  // ServerReflectionRequest: field 7 lists services, field 4 asks for the file that contains a symbol.
  ExpectContains(call.Exchange(StringField(7, "*")),
                 {"actbench.v1.CatalogService", "actbench.v1.EvaluationService", "grpc.health.v1.Health"});
  ExpectContains(call.Exchange(StringField(4, "actbench.v1.EvaluationService")), {"EvaluateRequest", "measure_error"});
}

// ---- Addresses ----

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
  const std::string path = testing::TempDir() + "actbench_server_test.sock";
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
  EXPECT_EQ(Server::Start(At("127.0.0.1:0", "unix:/tmp/x")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Server::Start(At("unix:/no/such/directory/x")).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(AddressTest, RejectsLimitsThatMakeNoSense) {
  ServerOptions options = At("");
  options.limits.queue_length = 0;
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = At("");
  options.limits.tensor_elements = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace actbench
