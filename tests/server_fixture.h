// SPDX-License-Identifier: Apache-2.0
// A real server on a free port of the loopback interface, and requests for it, for tests.
#ifndef ACTBENCH_TESTS_SERVER_FIXTURE_H_
#define ACTBENCH_TESTS_SERVER_FIXTURE_H_

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "actbench/v1/catalog.grpc.pb.h"
#include "actbench/v1/evaluation.grpc.pb.h"
#include "server/server.h"
#include "tests/gate.h"
#include "tests/http.h"
#include "tests/metrics_text.h"

namespace actbench {

inline std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Channels to one address would share a connection, which later servers on that port would inherit.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Values from -8 to 8, the same each time.
inline std::vector<float> SomeValues(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i * 7919 % 16001) / 1000.0f - 8.0f;
  return values;
}

template <class T>
v1::Tensor MakeTensor(v1::Dtype dtype, const std::vector<T>& values) {
  v1::Tensor tensor;
  tensor.set_dtype(dtype);
  tensor.add_shape(static_cast<int64_t>(values.size()));
  tensor.set_data(values.data(), values.size() * sizeof(T));
  return tensor;
}

template <class T>
std::vector<T> ValuesOf(const v1::Tensor& tensor) {
  std::vector<T> values(tensor.data().size() / sizeof(T));
  std::memcpy(values.data(), tensor.data().data(), values.size() * sizeof(T));
  return values;
}

// silu, forward, f32.
inline v1::EvaluateItem MakeItem(size_t elements) {
  v1::EvaluateItem item;
  item.set_id("an id");
  item.set_activation("silu");
  item.set_direction(v1::DIRECTION_FORWARD);
  *item.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(elements));
  return item;
}

inline v1::EvaluateRequest MakeRequest(size_t elements) {
  v1::EvaluateRequest request;
  *request.add_items() = MakeItem(elements);
  return request;
}

inline void ExpectContains(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in \"" << text << "\"";
  }
}

// Whether the metric has a value in time of which `is_it` holds.
template <class Predicate>
bool WaitForMetricThat(const std::string& metrics_address, const std::string& series, const Predicate& is_it) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!is_it(MetricValue(FetchMetrics(metrics_address), series))) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}
inline bool WaitForMetric(const std::string& metrics_address, const std::string& series, double value) {
  return WaitForMetricThat(metrics_address, series, [value](double now) { return now == value; });
}
// Of a counter, which may go on meanwhile.
inline bool WaitForMetricAtLeast(const std::string& metrics_address, const std::string& series, double value) {
  return WaitForMetricThat(metrics_address, series, [value](double now) { return now >= value; });
}

// With addresses of its own.
inline std::unique_ptr<Server> StartServer(ServerOptions options = {}) {
  options.address = "127.0.0.1:0";
  options.metrics_address = "127.0.0.1:0";
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options);
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();
  }
  return *std::move(server);
}

// A server and its clients, for one test.
class TestServer {
 public:
  explicit TestServer(const ServerOptions& options = {}) : server(StartServer(options)) {
    channel = Connect(server->address());
    catalog = v1::CatalogService::NewStub(channel);
    evaluation = v1::EvaluationService::NewStub(channel);
  }

  grpc::Status Evaluate(const v1::EvaluateRequest& request, v1::EvaluateResponse& response,
                        absl::Duration timeout = kPatience) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    return evaluation->Evaluate(&context, request, &response);
  }

  // The result of the only item, or of a failed call the item's status.
  v1::EvaluateResult EvaluateOne(const v1::EvaluateItem& item) {
    v1::EvaluateRequest request;
    *request.add_items() = item;
    v1::EvaluateResponse response;
    const grpc::Status status = Evaluate(request, response);
    EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
    EXPECT_EQ(response.results_size(), status.ok() ? 1 : 0);
    return response.results_size() == 1 ? response.results(0) : v1::EvaluateResult();
  }

  double Metric(const std::string& series) const {
    return MetricValue(FetchMetrics(server->metrics_address()), series);
  }

  bool WaitForMetric(const std::string& series, double value) const {
    return actbench::WaitForMetric(server->metrics_address(), series, value);
  }

  std::unique_ptr<Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::CatalogService::Stub> catalog;
  std::unique_ptr<v1::EvaluationService::Stub> evaluation;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_SERVER_FIXTURE_H_
