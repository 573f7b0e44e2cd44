// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "client/split.h"
#include "client/tensor.h"
#include "tests/blocking_kernel.h"
#include "tests/client_fixture.h"
#include "tests/http.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kInFlight[] = "actbench_rpc_inflight{method=\"Evaluate\"}";

TEST(ClientTest, ListsWhatTheServerHas) {
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  const absl::StatusOr<v1::ListActivationsResponse> activations = client.ListActivations();
  ASSERT_TRUE(activations.ok()) << activations.status();
  EXPECT_EQ(activations->activations_size(), static_cast<int>(AllActivations().size()));
  v1::ListKernelsRequest request;
  request.set_activation("relu");
  request.set_dtype(v1::DTYPE_BF16);
  const absl::StatusOr<v1::ListKernelsResponse> kernels = client.ListKernels(request);
  ASSERT_TRUE(kernels.ok()) << kernels.status();
  EXPECT_GT(kernels->kernels_size(), 0);
  for (const v1::Kernel& kernel : kernels->kernels()) EXPECT_EQ(kernel.activation(), "relu");
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->limits().tensor_elements(), Limits().tensor_elements);
}

TEST(ClientTest, EvaluatesOverTheNetworkAndInProcess) {
  const std::unique_ptr<Server> server = StartServer();
  for (Client* client : {new Client(Client::Connect(server->address())), new Client(server->InProcessChannel())}) {
    const std::unique_ptr<Client> owner(client);
    const absl::StatusOr<v1::EvaluateResult> result =
        client->Evaluate(Item("relu", v1::DIRECTION_FORWARD, client::MakeTensor(Dtype::kF32, {-1, 0, 2})));
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->outputs_size(), 1);
    EXPECT_EQ(result->outputs(0).data(), client::MakeTensor(Dtype::kF32, {0, 0, 2}).data());
  }
}

TEST(ClientTest, TheItemsOwnErrorIsTheStatus) {
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  const absl::Status status =
      client.Evaluate(Item("gelo", v1::DIRECTION_FORWARD, client::MakeTensor(Dtype::kF32, {1}))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("gelo"));
}

TEST(ClientTest, HealthIsAskedPerService) {
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  EXPECT_EQ(*client.IsServing(), true);
  EXPECT_EQ(*client.IsServing("actbench.v1.EvaluationService"), true);
  EXPECT_EQ(client.IsServing("no.such.Service").status().code(), absl::StatusCode::kNotFound);
}

TEST(ClientTest, PartsOfASplitItemWaitForTheirTurnOnABusyServer) {
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  options.threads = 2;
  options.limits.inflight_bytes = 900'000;
  const std::unique_ptr<Server> server = StartServer(options);
  std::vector<std::thread> others;  // two of 400 KB leave no room
  for (int i = 0; i < 2; ++i) {
    others.emplace_back(
        [&] { EXPECT_TRUE(Client::Connect(server->address()).EvaluateBatch(BlockingKernel::Request()).ok()); });
  }
  EXPECT_TRUE(WaitForMetric(server->metrics_address(), "actbench_worker_threads_busy", 2));
  absl::Status status;
  std::thread split([&] {
    const v1::EvaluateItem item = Item("relu", v1::DIRECTION_FORWARD, Ramp(Dtype::kF32, 140'000));
    status = Client::Connect(server->address()).Evaluate(item).status();
  });
  constexpr char kRefused[] = "actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"inflight_bytes\"}";
  EXPECT_TRUE(WaitForMetricAtLeast(server->metrics_address(), kRefused, 1));
  blocking.Release();
  split.join();
  for (std::thread& other : others) other.join();
  EXPECT_TRUE(status.ok()) << status;
}

// A limit that is small, and the item that meets it.
struct SplitCase {
  std::string name;
  Limits limits;
  bool measure_error = false;
};

class SplitTest : public testing::TestWithParam<SplitCase> {};

std::vector<SplitCase> SplitCases() {
  std::vector<SplitCase> cases(5);
  cases[0].name = "MessageSize";
  cases[0].limits.message_size_bytes = 16384;
  cases[1].name = "TensorElements";
  cases[1].limits.tensor_elements = 1001;
  cases[2].name = "InflightBytes";
  cases[2].limits.inflight_bytes = 40'000;
  cases[3].name = "MeasuredElements";
  cases[3].limits.measured_elements = 300;
  cases[3].measure_error = true;
  cases[4].name = "InflightBytesOfMeasuredElements";
  cases[4].limits.inflight_bytes = 40'000;
  cases[4].measure_error = true;
  return cases;
}

TEST_P(SplitTest, GivesTheResultOfOneCall) {
  const std::unique_ptr<Server> large = StartServer();
  const std::unique_ptr<Server> small = StartServer(GetParam().limits);
  Client one_call = Client::Connect(large->address());
  Client many_calls = Client::Connect(small->address());
  for (const DtypeInfo& info : AllDtypes()) {
    for (const v1::Direction direction : {v1::DIRECTION_FORWARD, v1::DIRECTION_GRADIENT}) {
      SCOPED_TRACE(absl::StrCat(std::string(info.name), " ", v1::Direction_Name(direction)));
      v1::EvaluateItem item = Item("swish", direction, Ramp(info.dtype, GetParam().measure_error ? 2100 : 21000));
      (*item.mutable_parameters())["beta"] = 1.5;
      item.set_id("an id");
      item.set_output_dtype(v1::DTYPE_F32);
      item.set_measure_error(GetParam().measure_error);
      const absl::StatusOr<v1::EvaluateResult> expected = one_call.Evaluate(item);
      ASSERT_TRUE(expected.ok()) << expected.status();
      const absl::StatusOr<v1::EvaluateResult> result = many_calls.Evaluate(item);
      ASSERT_TRUE(result.ok()) << result.status();

      ASSERT_EQ(result->outputs_size(), 1);
      EXPECT_EQ(result->outputs(0).dtype(), v1::DTYPE_F32);
      EXPECT_THAT(result->outputs(0).shape(), ElementsAre(item.inputs(0).shape(0), 7));
      EXPECT_TRUE(result->outputs(0).data() == expected->outputs(0).data());
      EXPECT_EQ(result->id(), "an id");
      EXPECT_EQ(result->kernel().name(), expected->kernel().name());
      EXPECT_EQ(result->parameters().at("beta"), 1.5);
      EXPECT_EQ(result->has_error(), GetParam().measure_error);
      EXPECT_EQ(result->error().max_ulp(), expected->error().max_ulp());
      EXPECT_NEAR(result->error().mean_ulp(), expected->error().mean_ulp(), 1e-12);
      EXPECT_EQ(result->error().checked(), expected->error().checked());
      EXPECT_EQ(result->error().worst_index(), expected->error().worst_index());
      EXPECT_EQ(result->error().worst_input_bits(), expected->error().worst_input_bits());
    }
  }
}

TEST_P(SplitTest, AnErrorIsToldAsByOneCall) {
  const std::unique_ptr<Server> server = StartServer(GetParam().limits);
  Client client = Client::Connect(server->address());
  v1::EvaluateItem item = Item("swish", v1::DIRECTION_FORWARD, Ramp(Dtype::kF64, 2100));
  (*item.mutable_parameters())["gamma"] = 1;
  item.set_measure_error(GetParam().measure_error);
  const absl::Status status = client.Evaluate(item).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("gamma"));
}

INSTANTIATE_TEST_SUITE_P(EachLimit, SplitTest, testing::ValuesIn(SplitCases()),
                         [](const auto& test) { return test.param.name; });

TEST(PlanSplitTest, EveryCallFitsTheMessageLimit) {
  v1::Limits limits;
  limits.set_message_size_bytes(16384);
  const v1::EvaluateItem item = Item("relu", v1::DIRECTION_GRADIENT, Ramp(Dtype::kF64, 70000));
  const std::optional<client::SplitPlan> plan = client::PlanSplit(item, limits);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->elements, 70000);
  v1::EvaluateRequest request;
  *request.add_items() = client::Slice(item, 0, plan->elements_per_call);
  EXPECT_LE(request.ByteSizeLong(), 16384u);
  EXPECT_GT(request.ByteSizeLong(), 8192u) << "most of a message should be elements";
}

// The default message limit was chosen for it.
TEST(ClientTest, ATensorOf64MiBTakesOneCallByDefault) {
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  v1::EvaluateItem item = Item("relu", v1::DIRECTION_FORWARD, v1::Tensor());
  v1::Tensor& x = *item.mutable_inputs(0);
  x.set_dtype(v1::DTYPE_F32);
  x.add_shape(int64_t{1} << 24);
  x.mutable_data()->resize(size_t{64} << 20);
  const absl::StatusOr<v1::EvaluateResult> result = client.Evaluate(item);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(
      MetricValue(FetchMetrics(server->metrics_address()), "actbench_queue_wait_seconds_count{class=\"interactive\"}"),
      1);
}

TEST(PlanSplitTest, PartsAreEqual) {
  v1::Limits limits;
  limits.set_tensor_elements(100);
  for (const auto& [elements, per_call] : {std::pair(700, 100), std::pair(707, 89), std::pair(105, 53)}) {
    const std::optional<client::SplitPlan> plan =
        client::PlanSplit(Item("relu", v1::DIRECTION_FORWARD, Ramp(Dtype::kF16, elements)), limits);
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ(plan->elements_per_call, per_call);
  }
}

TEST(PlanSplitTest, OutputsTakeMemoryOnlyWhereTheDtypeChanges) {
  v1::Limits limits;
  limits.set_inflight_bytes(int64_t{16} << 20);
  v1::EvaluateItem item = Item("relu", v1::DIRECTION_FORWARD, Ramp(Dtype::kF32, 1'000'006));
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value());
  item.set_output_dtype(v1::DTYPE_F32);
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value());
  item.set_output_dtype(v1::DTYPE_F16);
  EXPECT_TRUE(client::PlanSplit(item, limits).has_value());
}

TEST(PlanSplitTest, WhatFitsOrIsWrongIsNotSplit) {
  v1::Limits limits;
  v1::EvaluateItem item = Item("relu", v1::DIRECTION_GRADIENT, Ramp(Dtype::kF32, 700));
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value()) << "no limits";
  limits.set_tensor_elements(700);
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value()) << "fits";
  limits.set_tensor_elements(699);
  EXPECT_TRUE(client::PlanSplit(item, limits).has_value());
  item.mutable_inputs(1)->set_shape(0, 99);
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value()) << "not well-formed";
  item.clear_inputs();
  EXPECT_FALSE(client::PlanSplit(item, limits).has_value()) << "no tensor";
}

TEST(PlanSplitTest, ErrorReportsMergeToTheLargestAndTheMean) {
  const v1::EvaluateItem item = Item("relu", v1::DIRECTION_FORWARD, client::MakeTensor(Dtype::kF32, {1, 2, 3}));
  v1::EvaluateResult result;
  const auto append = [&](int64_t begin, int64_t end, double max_ulp, double mean_ulp) {
    v1::EvaluateResult part;
    *part.add_outputs() = client::MakeTensor(Dtype::kF32, std::vector<double>(static_cast<size_t>(end - begin), 1));
    part.mutable_times()->set_compute_ns(10);
    part.mutable_error()->set_max_ulp(max_ulp);
    part.mutable_error()->set_mean_ulp(mean_ulp);
    part.mutable_error()->set_checked(end - begin);
    return client::AppendPart(std::move(part), begin, end, item, result);
  };
  ASSERT_TRUE(append(0, 2, 0.5, 0.25).ok());
  ASSERT_TRUE(append(2, 3, HUGE_VAL, HUGE_VAL).ok());
  EXPECT_EQ(result.error().max_ulp(), HUGE_VAL);
  EXPECT_EQ(result.error().mean_ulp(), HUGE_VAL);
  EXPECT_EQ(result.error().worst_index(), 2);
  EXPECT_EQ(result.error().checked(), 3);
  EXPECT_EQ(result.times().compute_ns(), 20);
  EXPECT_EQ(append(3, 5, 0, 0).code(), absl::StatusCode::kOk);
  v1::EvaluateResult other_kernel;
  *other_kernel.add_outputs() = client::MakeTensor(Dtype::kF32, {1, 2});
  other_kernel.mutable_kernel()->set_name("another");
  EXPECT_EQ(client::AppendPart(other_kernel, 5, 7, item, result).code(), absl::StatusCode::kInternal);
  v1::EvaluateResult wrong;
  *wrong.add_outputs() = client::MakeTensor(Dtype::kF32, {1});
  EXPECT_EQ(client::AppendPart(wrong, 5, 7, item, result).code(), absl::StatusCode::kInternal);
}

TEST(ClientTest, ManyThreadsShareOne) {
  const std::unique_ptr<Server> server = StartServer();
  Client client = Client::Connect(server->address());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&client] {
      for (int i = 0; i < 50; ++i) {
        const absl::StatusOr<v1::EvaluateResult> result =
            client.Evaluate(Item("relu", v1::DIRECTION_FORWARD, client::MakeTensor(Dtype::kF64, {-1.0, 1.0 * i})));
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_EQ(result->outputs(0).data(), client::MakeTensor(Dtype::kF64, {0, 1.0 * i}).data());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ClientTest, CallsThatNobodyWaitsForRunAtOnce) {
  constexpr int kCalls = 8;
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  const std::unique_ptr<Server> server = StartServer(options);
  Client client = Client::Connect(server->address());
  const v1::EvaluateRequest request = BlockingKernel::Request();
  absl::BlockingCounter calls(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    client.EvaluateBatchAsync(request, [&](const absl::StatusOr<v1::EvaluateResponse>& response) {
      EXPECT_TRUE(response.ok() && response->results(0).outputs(0).data() == request.items(0).inputs(0).data());
      calls.DecrementCount();
    });
  }
  EXPECT_TRUE(WaitForMetric(server->metrics_address(), kInFlight, kCalls)) << "none has ended yet";
  blocking.Release();
  calls.Wait();
}

TEST(ClientTest, CallsThatNobodyWaitsForEndByTimeoutAndCancellation) {
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  const std::unique_ptr<Server> server = StartServer(options);
  Client client = Client::Connect(server->address());
  const v1::EvaluateRequest request = BlockingKernel::Request();
  const auto status_of = [&](const auto& meanwhile) {
    absl::Notification done;
    absl::Status status;
    client.EvaluateBatchAsync(request, [&](const absl::StatusOr<v1::EvaluateResponse>& response) {
      status = response.status();
      done.Notify();
    });
    meanwhile();
    done.WaitForNotification();
    return status;
  };
  client.set_timeout(absl::Milliseconds(100));
  EXPECT_EQ(status_of([] {}).code(), absl::StatusCode::kDeadlineExceeded);
  client.set_timeout(absl::InfiniteDuration());
  Cancellation cancellation;
  client.set_cancellation(&cancellation);
  EXPECT_EQ(status_of([&] { cancellation.Cancel(); }).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(status_of([] {}).code(), absl::StatusCode::kCancelled) << "begun later";
  blocking.Release();
}

TEST(ClientTest, CallsThatNobodyWaitsForTellTheirErrors) {
  Limits limits;
  limits.batch_items = 1;
  std::unique_ptr<Server> server = StartServer(limits);
  Client client = Client::Connect(server->address());
  v1::EvaluateRequest request;
  request.add_items();
  request.add_items();
  const auto code = [&] {
    absl::Notification done;
    absl::StatusCode result = absl::StatusCode::kOk;
    client.EvaluateBatchAsync(request, [&](const absl::StatusOr<v1::EvaluateResponse>& response) {
      result = response.status().code();
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  };
  EXPECT_EQ(code(), absl::StatusCode::kResourceExhausted);
  server.reset();
  EXPECT_EQ(code(), absl::StatusCode::kUnavailable);
}

// Of one connection a server takes a hundred calls at a time.
TEST(ClientTest, EachHasAConnectionOfItsOwn) {
  constexpr int kMostCalls = 100;
  BlockingKernel blocking;
  ServerOptions options;
  options.catalog = &blocking.catalog();
  const std::unique_ptr<Server> server = StartServer(options);
  Client full = Client::Connect(server->address());
  Client other = Client::Connect(server->address());
  const v1::EvaluateRequest request = BlockingKernel::Request();
  absl::BlockingCounter calls(kMostCalls);
  for (int i = 0; i < kMostCalls; ++i) {
    full.EvaluateBatchAsync(request, [&](const auto& /*response*/) { calls.DecrementCount(); });
  }
  EXPECT_TRUE(WaitForMetric(server->metrics_address(), kInFlight, kMostCalls));
  other.set_timeout(kPatience);
  EXPECT_TRUE(other.GetServerInfo().ok());
  full.set_timeout(absl::Milliseconds(200));
  EXPECT_EQ(full.GetServerInfo().status().code(), absl::StatusCode::kDeadlineExceeded);
  blocking.Release();
  calls.Wait();
}

}  // namespace
}  // namespace actbench
