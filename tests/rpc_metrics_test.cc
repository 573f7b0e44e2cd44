// SPDX-License-Identifier: Apache-2.0
#include "server/rpc_metrics.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "actbench/v1/catalog.grpc.pb.h"
#include "server/log.h"
#include "tests/metrics_text.h"
#include "tests/raw_call.h"

namespace actbench {
namespace {

constexpr char kListActivations[] =
    R"(grpc_method="ListActivations",grpc_service="actbench.v1.CatalogService",grpc_type="unary"})";
constexpr char kListKernels[] =
    R"(grpc_method="ListKernels",grpc_service="actbench.v1.CatalogService",grpc_type="unary"})";
constexpr char kGetServerInfo[] =
    R"(grpc_method="GetServerInfo",grpc_service="actbench.v1.CatalogService",grpc_type="unary"})";
constexpr char kCheck[] = R"(grpc_method="Check",grpc_service="grpc.health.v1.Health",grpc_type="unary"})";
constexpr char kWatch[] = R"(grpc_method="Watch",grpc_service="grpc.health.v1.Health",grpc_type="server_stream"})";
constexpr char kReflection[] =
    R"(grpc_method="ServerReflectionInfo",grpc_service="grpc.reflection.v1alpha.ServerReflection",grpc_type="bidi_stream"})";
constexpr char kUnknown[] = R"(grpc_method="unknown",grpc_service="unknown",grpc_type="unknown"})";

// One method succeeds, one fails, and one lasts until its call is cancelled.
class FakeCatalog final : public v1::CatalogService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ListActivations(grpc::CallbackServerContext* context, const v1::ListActivationsRequest*,
                                            v1::ListActivationsResponse*) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* ListKernels(grpc::CallbackServerContext* context, const v1::ListKernelsRequest*,
                                        v1::ListKernelsResponse*) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no \"such\" kernel"));
    return reactor;
  }
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext*, const v1::GetServerInfoRequest*,
                                          v1::GetServerInfoResponse*) override {
    class Waiting final : public grpc::ServerUnaryReactor {
      void OnCancel() override { Finish(grpc::Status(grpc::StatusCode::CANCELLED, "")); }
      void OnDone() override { delete this; }
    };
    return new Waiting;
  }
};

std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> Interceptors(Metrics& metrics) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeRpcMetricsInterceptor(metrics));
  return interceptors;
}

class RpcMetricsTest : public testing::Test {
 protected:
  void SetUp() override {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    RegisterRpcMethods(metrics_);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(1000);
    builder.RegisterService(&service_);
    builder.experimental().SetInterceptorCreators(Interceptors(metrics_));
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    channel_ =
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments);
    stub_ = v1::CatalogService::NewStub(channel_);
  }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5)); }

  double Value(const std::string& series) { return MetricValue(metrics_.Text(), series); }

  // The server may end its part of a call after the client has: waits up to 10 s for `value`.
  void ExpectBecomes(const std::string& series, double value) {
    for (int i = 0; i < 1000 && Value(series) != value; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(Value(series), value) << series;
  }

  // Opens `path` as a stream, sends a message, reads `reads` messages, cancels if told to, and returns the code.
  grpc::StatusCode CallRaw(const std::string& path, int reads, bool cancel, const std::string& message = "") {
    RawCall call(channel_, path);
    call.SendLast(message);
    for (int i = 0; i < reads; ++i) EXPECT_NE(call.Read(), "failed") << path;
    if (cancel) call.Cancel();
    return call.Finish().error_code();
  }

  Metrics metrics_;
  FakeCatalog service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::CatalogService::Stub> stub_;
};

TEST(RegisterRpcMethodsTest, KnowsEveryMethodOfTheProtoFiles) {
  Metrics metrics;
  RegisterRpcMethods(metrics);
  const std::string text = metrics.Text();
  int methods = 0;
  const auto directory = std::filesystem::path(ACTBENCH_SOURCE_DIRECTORY) / "proto/actbench/v1";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path());
    std::string service;
    const std::regex service_line(R"(service (\w+) \{.*)");
    const std::regex rpc_line(R"(\s*rpc (\w+)\(.*)");
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_match(line, match, service_line)) service = match[1];
      if (!std::regex_match(line, match, rpc_line)) continue;
      ++methods;
      EXPECT_NE(text.find("grpc_server_started_total{grpc_method=\"" + match[1].str() +
                          "\",grpc_service=\"actbench.v1." + service + "\""),
                std::string::npos)
          << service << "." << match[1];
    }
  }
  EXPECT_GE(methods, 4);
  for (const char* health : {kCheck, kWatch}) {
    EXPECT_EQ(MetricValue(text, std::string("grpc_server_started_total{") + health), 0);
    EXPECT_EQ(MetricValue(text, std::string("grpc_server_handled_total{grpc_code=\"OK\",") + health), 0);
  }
}

TEST_F(RpcMetricsTest, CountsSuccessAndFailure) {
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext context;
    v1::ListActivationsResponse response;
    EXPECT_TRUE(stub_->ListActivations(&context, {}, &response).ok());
  }
  grpc::ClientContext context;
  v1::ListKernelsResponse response;
  EXPECT_EQ(stub_->ListKernels(&context, {}, &response).error_code(), grpc::StatusCode::NOT_FOUND);

  ExpectBecomes("actbench_rpc_inflight{method=\"ListActivations\"}", 0);
  ExpectBecomes("actbench_rpc_inflight{method=\"ListKernels\"}", 0);
  EXPECT_EQ(Value(std::string("grpc_server_started_total{") + kListActivations), 3);
  EXPECT_EQ(Value(std::string("grpc_server_handled_total{grpc_code=\"OK\",") + kListActivations), 3);
  EXPECT_EQ(Value(std::string("grpc_server_handling_seconds_count{") + kListActivations), 3);
  EXPECT_GT(Value(std::string("grpc_server_handling_seconds_sum{") + kListActivations), 0);
  EXPECT_LT(Value(std::string("grpc_server_handling_seconds_sum{") + kListActivations), 5);
  EXPECT_EQ(Value(std::string("grpc_server_msg_received_total{") + kListActivations), 3);
  EXPECT_EQ(Value(std::string("grpc_server_msg_sent_total{") + kListActivations), 3);
  EXPECT_EQ(Value(std::string("grpc_server_handled_total{grpc_code=\"NotFound\",") + kListKernels), 1);
  EXPECT_EQ(Value(std::string("grpc_server_handled_total{grpc_code=\"OK\",") + kListKernels), 0);
  EXPECT_EQ(Value(std::string("grpc_server_msg_received_total{") + kListKernels), 1);
  EXPECT_EQ(Value(std::string("grpc_server_msg_sent_total{") + kListKernels), 0);
}

TEST_F(RpcMetricsTest, CountsCallsInFlightAndCancelled) {
  grpc::ClientContext context;
  v1::GetServerInfoResponse response;
  grpc::Status status;
  std::thread client([&] { status = stub_->GetServerInfo(&context, {}, &response); });
  ExpectBecomes("actbench_rpc_inflight{method=\"GetServerInfo\"}", 1);
  EXPECT_EQ(Value(std::string("grpc_server_started_total{") + kGetServerInfo), 1);
  context.TryCancel();
  client.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  ExpectBecomes("actbench_rpc_inflight{method=\"GetServerInfo\"}", 0);
  EXPECT_EQ(Value(std::string("grpc_server_handled_total{grpc_code=\"Canceled\",") + kGetServerInfo), 1);
  EXPECT_EQ(Value(std::string("grpc_server_handling_seconds_count{") + kGetServerInfo), 1);
}

TEST_F(RpcMetricsTest, CountsHealthAndReflection) {
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", 1, false), grpc::StatusCode::OK);
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Watch", 1, true), grpc::StatusCode::CANCELLED);
  // A reflection request that lists the services: field 7, "*".
  EXPECT_EQ(CallRaw("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", 1, false, "\x3a\x01*"),
            grpc::StatusCode::OK);
  ExpectBecomes(std::string("grpc_server_handled_total{grpc_code=\"OK\",") + kCheck, 1);
  ExpectBecomes("actbench_rpc_inflight{method=\"Watch\"}", 0);
  EXPECT_EQ(Value(std::string("grpc_server_started_total{") + kWatch), 1);
  EXPECT_EQ(Value(std::string("grpc_server_msg_sent_total{") + kWatch), 1);
  EXPECT_EQ(Value(std::string("grpc_server_handling_seconds_count{") + kWatch), 1);
  ExpectBecomes(std::string("grpc_server_handled_total{grpc_code=\"OK\",") + kReflection, 1);
  EXPECT_EQ(Value(std::string("grpc_server_msg_received_total{") + kReflection), 1);
  EXPECT_EQ(Value(std::string("grpc_server_msg_sent_total{") + kReflection), 1);
}

TEST_F(RpcMetricsTest, MethodsThatDoNotExistShareOneSeries) {
  for (const char* path : {"/no.such.Service/Method", "/actbench.v1.CatalogService/NoSuchMethod", "/", "/x",
                           "/grpc.health.v1.Health/NoSuchMethod"}) {
    EXPECT_EQ(CallRaw(path, 0, false), grpc::StatusCode::UNIMPLEMENTED) << path;
  }
  ExpectBecomes(std::string("grpc_server_handled_total{grpc_code=\"Unimplemented\",") + kUnknown, 5);
  ExpectBecomes("actbench_rpc_inflight{method=\"unknown\"}", 0);
  EXPECT_EQ(metrics_.Text().find("such"), std::string::npos);
}

TEST_F(RpcMetricsTest, AMessageOverTheLimitIsRefusedBeforeItIsACall) {
  grpc::ClientContext context;
  v1::ListKernelsRequest request;
  request.set_activation(std::string(2000, 'x'));
  v1::ListKernelsResponse response;
  EXPECT_EQ(stub_->ListKernels(&context, request, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // gRPC's core ends it without telling the layer that interceptors live in. Should that change, it has to add up.
  ExpectBecomes("actbench_rpc_inflight{method=\"ListKernels\"}", 0);
  EXPECT_EQ(Value(std::string("grpc_server_started_total{") + kListKernels), 0);
}

TEST_F(RpcMetricsTest, LogsEachCallAtDebugLevel) {
  ASSERT_TRUE(StartLogging(LogFormat::kText, "debug").ok());
  const int64_t before = LogMessages(LogLevel::kDebug);
  testing::internal::CaptureStderr();
  grpc::ClientContext context;
  v1::ListKernelsResponse response;
  EXPECT_EQ(stub_->ListKernels(&context, {}, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  for (int i = 0; i < 1000 && LogMessages(LogLevel::kDebug) == before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(StartLogging(LogFormat::kText, "off").ok());
  EXPECT_TRUE(std::regex_search(line, std::regex(R"(debug rpc method=/actbench\.v1\.CatalogService/ListKernels code=5 )"
                                                 R"(error="no \\"such\\" kernel" duration_ms=[0-9.e-]+\n)")))
      << line;
}

}  // namespace
}  // namespace actbench
