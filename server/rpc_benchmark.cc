// SPDX-License-Identifier: Apache-2.0
// What Evaluate costs beside a bare echo: in one process a real server and a server of the same messages, with the same
// gRPC settings, that only moves the tensor from the request to the response. Each iteration makes one call to either
// over loopback TCP, so that whatever slows the machine down meets both. The ratio is that of the medians.
#include <benchmark/benchmark.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actbench/v1/evaluation.grpc.pb.h"
#include "server/grpc_settings.h"
#include "server/server.h"

namespace actbench {
namespace {

using Clock = std::chrono::steady_clock;

class EchoService final : public v1::EvaluationService::CallbackService {
  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context, const v1::EvaluateRequest* request,
                                     v1::EvaluateResponse* response) override {
    auto* item = const_cast<v1::EvaluateRequest*>(request)->mutable_items(0);
    v1::EvaluateResult* result = response->add_results();
    result->add_outputs()->Swap(item->mutable_inputs(0));
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "rpc_benchmark: %s\n", message.c_str());
  std::exit(2);
}

std::unique_ptr<v1::EvaluationService::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return v1::EvaluationService::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

// Both servers, for the whole run.
struct Servers {
  Servers() {
    ServerOptions options;
    options.address = "127.0.0.1:0";
    options.metrics_address = "";
    absl::StatusOr<std::unique_ptr<Server>> started = Server::Start(options);
    if (!started.ok()) Fail(started.status().ToString());
    server = *std::move(started);
    grpc::ServerBuilder builder;
    ApplyGrpcSettings(options, builder);
    int port = 0;
    builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&echo_service);
    echo_server = builder.BuildAndStart();
    evaluate = Connect(server->address());
    echo = Connect(absl::StrCat("127.0.0.1:", port));
  }

  std::unique_ptr<Server> server;
  EchoService echo_service;
  std::unique_ptr<grpc::Server> echo_server;
  std::unique_ptr<v1::EvaluationService::Stub> evaluate;
  std::unique_ptr<v1::EvaluationService::Stub> echo;
};

v1::EvaluateRequest MakeRequest(int64_t size_bytes) {
  v1::EvaluateRequest request;
  v1::EvaluateItem& item = *request.add_items();
  item.set_activation("silu");
  item.set_direction(v1::DIRECTION_FORWARD);
  v1::Tensor& x = *item.add_inputs();
  x.set_dtype(v1::DTYPE_F32);
  x.add_shape(size_bytes / static_cast<int64_t>(sizeof(float)));
  std::vector<float> values(static_cast<size_t>(x.shape(0)));
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> distribution(-8, 8);
  for (float& value : values) value = distribution(generator);
  x.set_data(values.data(), static_cast<size_t>(size_bytes));
  return request;
}

// Microseconds of one call.
double Call(v1::EvaluationService::Stub& stub, const v1::EvaluateRequest& request) {
  grpc::ClientContext context;
  v1::EvaluateResponse response;
  const Clock::time_point start = Clock::now();
  const grpc::Status status = stub.Evaluate(&context, request, &response);
  const Clock::duration elapsed = Clock::now() - start;
  if (!status.ok()) Fail(status.error_message());
  const v1::EvaluateResult& result = response.results(0);
  if (result.status().code() != 0) Fail(result.status().message());
  if (result.outputs(0).data().size() != request.items(0).inputs(0).data().size())
    Fail("the response has another size");
  return std::chrono::duration<double, std::micro>(elapsed).count();
}

double Quantile(std::vector<double>& values, double q) {
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

void BM_Evaluate(benchmark::State& state) {
  static Servers* const servers = new Servers;
  const v1::EvaluateRequest request = MakeRequest(state.range(0));
  for (int i = 0; i < 5; ++i) {
    Call(*servers->evaluate, request);
    Call(*servers->echo, request);
  }
  std::vector<double> evaluate_us;
  std::vector<double> echo_us;
  for ([[maybe_unused]] auto _ : state) {
    // In turn first and second, as each call leaves caches warm for the next.
    if (evaluate_us.size() % 2 == 0) evaluate_us.push_back(Call(*servers->evaluate, request));
    echo_us.push_back(Call(*servers->echo, request));
    if (evaluate_us.size() < echo_us.size()) evaluate_us.push_back(Call(*servers->evaluate, request));
  }
  state.counters["evaluate_p50_us"] = Quantile(evaluate_us, 0.5);
  state.counters["evaluate_p99_us"] = Quantile(evaluate_us, 0.99);
  state.counters["echo_p50_us"] = Quantile(echo_us, 0.5);
  state.counters["echo_p99_us"] = Quantile(echo_us, 0.99);
  state.counters["p50_ratio"] = Quantile(evaluate_us, 0.5) / Quantile(echo_us, 0.5);
}
BENCHMARK(BM_Evaluate)
    ->ArgName("tensor_bytes")
    ->Arg(1 << 10)
    ->Arg(16 << 10)
    ->Arg(256 << 10)
    ->Arg(1 << 20)
    ->Arg(16 << 20)
    ->Arg(64 << 20)
    ->UseRealTime()
    ->MinTime(3);

}  // namespace
}  // namespace actbench

BENCHMARK_MAIN();
