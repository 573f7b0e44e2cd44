// SPDX-License-Identifier: Apache-2.0
#include "server/rpc_metrics.h"

#include <google/protobuf/descriptor.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "actbench/v1/accuracy.pb.h"
#include "actbench/v1/benchmark.pb.h"
#include "actbench/v1/catalog.pb.h"
#include "actbench/v1/evaluation.pb.h"
#include "server/log.h"
#include "server/mutex.h"

namespace actbench {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// Health is built into the gRPC library, which keeps its descriptor to itself.
constexpr char kHealthService[] = "grpc.health.v1.Health";

std::string_view TypeOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

std::string_view TypeOf(ServerRpcInfo::Type type) {
  switch (type) {
    case ServerRpcInfo::Type::UNARY:
      return "unary";
    case ServerRpcInfo::Type::CLIENT_STREAMING:
      return "client_stream";
    case ServerRpcInfo::Type::SERVER_STREAMING:
      return "server_stream";
    case ServerRpcInfo::Type::BIDI_STREAMING:
      break;
  }
  return "bidi_stream";
}

void RegisterService(Metrics& metrics, const ServiceDescriptor& service) {
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    metrics.RegisterRpcMethod(service.full_name(), method.name(), TypeOf(method));
  }
}

// Finds the handles of methods by the paths that gRPC gives, "/package.Service/Method".
class MethodTable {
 public:
  // A path and its handle; stays where it is.
  using Method = std::pair<const std::string, Metrics::RpcMethod*>;

  explicit MethodTable(Metrics& metrics)
      : metrics_(metrics), unknown_("unknown", metrics.RegisterRpcMethod("unknown", "unknown", "unknown")) {}

  Metrics& metrics() const { return metrics_; }

  // The path of a method that is not registered is whatever the client sent. So only those that a descriptor or the
  // health service vouches for get a place here, and the others share one.
  const Method* Find(std::string_view path, ServerRpcInfo::Type type) {
    MutexLock lock(mutex_);
    const auto known = by_path_.find(path);
    if (known != by_path_.end()) return &*known;
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return &unknown_;
    const std::string service(path.substr(1, slash - 1));
    const std::string method(path.substr(slash + 1));
    const bool is_health = service == kHealthService && (method == "Check" || method == "Watch");
    if (!is_health && DescriptorPool::generated_pool()->FindMethodByName(service + "." + method) == nullptr) {
      return &unknown_;
    }
    return &*by_path_.emplace(path, metrics_.RegisterRpcMethod(service, method, TypeOf(type))).first;
  }

 private:
  Metrics& metrics_;
  const Method unknown_;
  Mutex mutex_;
  std::map<std::string, Metrics::RpcMethod*, std::less<>> by_path_ ABSL_GUARDED_BY(mutex_);
};

// Observes one call. gRPC destroys it with the call's context; hooks come one at a time.
class RpcInterceptor final : public grpc::experimental::Interceptor {
 public:
  RpcInterceptor(Metrics& metrics, const MethodTable::Method& method) : metrics_(metrics), method_(method) {
    metrics_.RpcStarted(method_.second);
  }

  // A call whose connection was lost may end without a status.
  ~RpcInterceptor() override {
    if (!handled_) Handled(grpc::Status(grpc::StatusCode::CANCELLED, ""));
  }

  void Intercept(InterceptorBatchMethods* hooks) override {
    // After the last message of a stream there is one more receive, of nothing.
    if (hooks->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        hooks->GetRecvMessage() != nullptr) {
      metrics_.RpcMessageReceived(method_.second);
    }
    if (hooks->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE))
      metrics_.RpcMessageSent(method_.second);
    if (hooks->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) Handled(hooks->GetSendStatus());
    hooks->Proceed();
  }

 private:
  void Handled(const grpc::Status& status) {
    handled_ = true;
    const absl::Duration duration = absl::FromChrono(std::chrono::steady_clock::now() - start_);
    metrics_.RpcHandled(method_.second, status.error_code(), duration);
    if (!LogEnabled(LogLevel::kDebug)) return;
    Log(LogLevel::kDebug, "rpc",
        {{"method", method_.first},
         {"code", static_cast<int64_t>(status.error_code())},
         {"error", status.error_message()},
         {"duration_ms", absl::ToDoubleMilliseconds(duration)}});
  }

  Metrics& metrics_;
  const MethodTable::Method& method_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool handled_ = false;
};

class RpcInterceptorFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit RpcInterceptorFactory(Metrics& metrics) : methods_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new RpcInterceptor(methods_.metrics(), *methods_.Find(info->method(), info->type()));
  }

 private:
  MethodTable methods_;
};

}  // namespace

void RegisterRpcMethods(Metrics& metrics) {
  // A file for each service; rpc_metrics_test.cc checks that none of actbench.v1 is missing.
  for (const FileDescriptor* file :
       {v1::ListActivationsRequest::descriptor()->file(), v1::EvaluateRequest::descriptor()->file(),
        v1::MeasureAccuracyRequest::descriptor()->file(), v1::RunBenchmarkRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) RegisterService(metrics, *file->service(i));
  }
  metrics.RegisterRpcMethod(kHealthService, "Check", "unary");
  metrics.RegisterRpcMethod(kHealthService, "Watch", "server_stream");
  const ServiceDescriptor* const reflection =
      DescriptorPool::generated_pool()->FindServiceByName("grpc.reflection.v1alpha.ServerReflection");
  if (reflection != nullptr) RegisterService(metrics, *reflection);
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcMetricsInterceptor(Metrics& metrics) {
  return std::make_unique<RpcInterceptorFactory>(metrics);
}

}  // namespace actbench
