// SPDX-License-Identifier: Apache-2.0
// The server as its clients see it: limits, health and reflection.
#include "server/server.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/blocking_kernel.h"
#include "tests/raw_call.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

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
  options.limits.inflight_bytes = 40'000;
  TestServer server(options);
  v1::EvaluateResponse response;
  const v1::EvaluateRequest good = MakeRequest(5000);
  std::vector<v1::EvaluateRequest> bad(4, MakeRequest(10));
  bad[0] = MakeRequest(10'000);
  // What is not computed takes memory all the same: a refused item, a name, a field that this server does not know.
  *bad[1].add_items() = MakeItem(10'000);
  bad[1].mutable_items(1)->set_activation("no_such");
  bad[2].mutable_items(0)->set_id(std::string(40'000, 'x'));
  bad[3].GetReflection()->MutableUnknownFields(&bad[3])->AddLengthDelimited(1000, std::string(40'000, 'x'));
  for (const v1::EvaluateRequest& request : bad) {
    EXPECT_TRUE(server.Evaluate(good, response).ok());
    // What was taken is given back, a moment after the answer.
    EXPECT_TRUE(server.WaitForMetric("actbench_inflight_bytes", 0));
    const grpc::Status status = server.Evaluate(request, response);
    EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
    ExpectContains(status.error_message(), {" bytes", "at most 40000", "--max_inflight_bytes"});
    EXPECT_TRUE(server.WaitForMetric("actbench_inflight_bytes", 0));
  }
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"inflight_bytes\"}"), 4);
}

TEST(LimitTest, SaysWhatToDoAboutAResponseThatIsTooLarge) {
  ServerOptions options;
  options.limits.message_size_bytes = 100'000;
  TestServer server(options);
  v1::EvaluateRequest request = MakeRequest(20'000);
  request.mutable_items(0)->set_output_dtype(v1::DTYPE_F64);
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(request, response).ok());
  ExpectContains(response.results(0).status().message(), {"at most 100000", "smaller tensors"});
}

TEST(LimitTest, RefusesRequestsWhenTheQueueIsFullAndServesTheOthers) {
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  options.threads = 1;
  options.limits.queue_length = 2;
  TestServer server(options);
  std::array<grpc::Status, 3> accepted;  // one runs, two wait
  std::vector<std::thread> clients;
  for (grpc::Status& status : accepted) {
    clients.emplace_back([&] {
      v1::EvaluateResponse response;
      status = server.Evaluate(BlockingKernel::Request(), response);
    });
    EXPECT_TRUE(server.WaitForMetric("actbench_worker_threads_busy", 1));
  }
  EXPECT_TRUE(server.WaitForMetric("actbench_queue_depth{class=\"interactive\"}", 2));
  const double in_work = server.Metric("actbench_inflight_bytes");
  v1::EvaluateResponse response;
  const grpc::Status refused = server.Evaluate(MakeRequest(10), response);
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(refused.error_message(), {"the queue is full", "2 requests", "at most 2", "--max_queue_length"});
  EXPECT_EQ(server.Metric("actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"queue_full\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_inflight_bytes"), in_work);
  blocking.Release();
  for (std::thread& client : clients) client.join();
  for (const grpc::Status& status : accepted) EXPECT_TRUE(status.ok()) << status.error_message();
}

// What a client chooses must not fill the response, and its other items must not pay for it.
TEST(LimitTest, RefusesAnItemWhoseIdIsTooLong) {
  TestServer server;
  v1::EvaluateRequest request = MakeRequest(10);
  *request.add_items() = MakeItem(10);
  *request.add_items() = MakeItem(10);
  request.mutable_items(0)->set_id(std::string(1024, 'i'));
  request.mutable_items(1)->set_id(std::string(1025, 'i'));
  v1::EvaluateResponse response;
  ASSERT_TRUE(server.Evaluate(request, response).ok());
  EXPECT_EQ(response.results(0).id(), request.items(0).id());
  EXPECT_EQ(response.results(0).status().code(), 0);
  EXPECT_EQ(response.results(1).id(), "");
  EXPECT_EQ(response.results(1).status().code(), grpc::INVALID_ARGUMENT);
  ExpectContains(response.results(1).status().message(), {"id", "1025", "at most 1024"});
  EXPECT_EQ(response.results(2).status().code(), 0);
}

// gRPC itself refuses what does not fit its buffers, or closes the connection.
TEST(LimitTest, SurvivesMoreThanTheMemoryQuota) {
  ServerOptions options;
  options.memory_quota_bytes = int64_t{1} << 20;
  TestServer server(options);
  v1::EvaluateResponse response;
  const grpc::Status refused = server.Evaluate(MakeRequest(size_t{8} << 20), response);
  EXPECT_TRUE(refused.error_code() == grpc::RESOURCE_EXHAUSTED || refused.error_code() == grpc::UNAVAILABLE)
      << refused.error_code() << " " << refused.error_message();
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  const grpc::Status served = server.evaluation->Evaluate(&context, MakeRequest(10), &response);
  EXPECT_TRUE(served.ok()) << served.error_message();
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
  EXPECT_EQ(server.Metric("actbench_queue_wait_seconds_count{class=\"interactive\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_rpc_request_bytes_count{method=\"Evaluate\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_rpc_request_bytes_sum{method=\"Evaluate\"}"),
            static_cast<double>(request.ByteSizeLong()));
  EXPECT_EQ(server.Metric("actbench_rpc_response_bytes_sum{method=\"Evaluate\"}"),
            static_cast<double>(response.ByteSizeLong()));
  EXPECT_EQ(server.Metric("actbench_ready"), 1);
  EXPECT_EQ(server.Metric("actbench_draining"), 0);
  EXPECT_EQ(server.Metric("actbench_state_unsaved"), 0) << "nothing is to be saved";
}

TEST(LimitTest, RejectsLimitsThatMakeNoSense) {
  ServerOptions options = ServerOptions();
  options.limits.queue_length = 0;
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = ServerOptions();
  options.limits.tensor_elements = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
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
  for (const char* service : {"", "actbench.v1.AccuracyService", "actbench.v1.BenchmarkService",
                              "actbench.v1.CatalogService", "actbench.v1.EvaluationService"}) {
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
                 {"actbench.v1.AccuracyService", "actbench.v1.BenchmarkService", "actbench.v1.CatalogService",
                  "actbench.v1.EvaluationService", "grpc.health.v1.Health"});
  ExpectContains(call.Exchange(StringField(4, "actbench.v1.EvaluationService")), {"EvaluateRequest", "measure_error"});
}

}  // namespace
}  // namespace actbench
