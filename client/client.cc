// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <google/protobuf/wrappers.pb.h>
#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "client/call.h"
#include "client/split.h"

namespace actbench {

using client::Call;
using client::SetDeadline;
using client::ToStatus;

namespace {

// How long one attempt to connect may take. Also ends the wait for a port that accepts but does not speak HTTP/2.
constexpr int kConnectTimeoutMs = 2000;
// Together they find a server whose machine vanished in the middle of a call. The server allows a ping every 30 s.
constexpr int kKeepaliveTimeMs = 60000;
constexpr int kKeepaliveTimeoutMs = 20000;
// How long to wait before a part that the server has no room for is sent again: at first, and in all.
constexpr absl::Duration kFirstWait = absl::Milliseconds(20);
constexpr absl::Duration kLongestWait = absl::Seconds(10);

// What an Evaluate call that nobody waits for needs until it ends.
struct AsyncEvaluation {
  CancellableContext call;
  v1::EvaluateResponse response;
  OnEvaluated on_evaluated;
};

// Reads pages until the last: `read` reads the one of the request and returns the token of the next.
template <class Request, class Read>
absl::Status ReadPages(Request& request, const Read& read) {
  while (true) {
    absl::StatusOr<std::string> next = read();
    if (!next.ok()) return next.status();
    if (next->empty()) return absl::OkStatus();
    if (*next == request.page_token()) return absl::InternalError("the server gave the same page twice");
    request.set_page_token(*std::move(next));
  }
}

// grpc.health.v1.Health/Check. Its messages are spelled here as the well-known wrappers that have the same encoding
// (a string in field 1, an enum in field 1): compiling health.proto into a library would clash with any other library
// of a program that does so too.
absl::StatusOr<int> CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                                absl::Time deadline) {
  grpc::TemplatedGenericStub<google::protobuf::StringValue, google::protobuf::Int32Value> stub(channel);
  grpc::ClientContext context;
  SetDeadline(deadline, context);
  google::protobuf::StringValue request;
  request.set_value(service);
  google::protobuf::Int32Value response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return ToStatus(status);
  return response.value();
}

}  // namespace

struct Client::LimitsCache {
  absl::Mutex mutex;
  std::optional<v1::Limits> limits ABSL_GUARDED_BY(mutex);
};

Client Client::Connect(const std::string& address) {
  // Never shut down: that waits up to 10 s for a poll of gRPC's own where a call was cut off shortly before.
  static const bool initialized [[maybe_unused]] = (grpc_init(), true);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // the server limits its messages
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // else http_proxy captures even localhost
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all clients of an address share one connection
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  return Client(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

Client::Client(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)),
      catalog_(v1::CatalogService::NewStub(channel_)),
      evaluation_(v1::EvaluationService::NewStub(channel_)),
      accuracy_(v1::AccuracyService::NewStub(channel_)),
      benchmark_(v1::BenchmarkService::NewStub(channel_)),
      limits_(std::make_unique<LimitsCache>()) {}

Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

absl::Status Client::WaitForConnection(absl::Duration timeout) {
  const auto deadline = absl::ToChronoTime(absl::Now() + timeout);
  for (grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true); state != GRPC_CHANNEL_READY;
       state = channel_->GetState(/*try_to_connect=*/true)) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || !channel_->WaitForStateChange(state, deadline)) {
      // The state does not tell the reason, but a call that fails for it does, and at once.
      absl::Status reason = CheckHealth(channel_, "", absl::Now() + absl::Milliseconds(100)).status();
      if (reason.ok() || absl::IsUnavailable(reason)) return reason;
      return absl::UnavailableError(absl::StrCat("no connection within ", absl::FormatDuration(timeout)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListActivationsResponse> Client::ListActivations() {
  return Call(*catalog_, &v1::CatalogService::Stub::ListActivations, v1::ListActivationsRequest(), Deadline(),
              cancellation_);
}

absl::StatusOr<v1::ListKernelsResponse> Client::ListKernels(const v1::ListKernelsRequest& request) {
  return Call(*catalog_, &v1::CatalogService::Stub::ListKernels, request, Deadline(), cancellation_);
}

absl::StatusOr<v1::GetServerInfoResponse> Client::GetServerInfo() { return GetServerInfo(Deadline()); }

absl::StatusOr<v1::GetServerInfoResponse> Client::GetServerInfo(absl::Time deadline) {
  return Call(*catalog_, &v1::CatalogService::Stub::GetServerInfo, v1::GetServerInfoRequest(), deadline, cancellation_);
}

absl::StatusOr<v1::EvaluateResponse> Client::EvaluateBatch(const v1::EvaluateRequest& request) {
  return Call(*evaluation_, &v1::EvaluationService::Stub::Evaluate, request, Deadline(), cancellation_);
}

void Client::EvaluateBatchAsync(const v1::EvaluateRequest& request, OnEvaluated on_evaluated) {
  auto* const evaluation = new AsyncEvaluation{CancellableContext(cancellation_), {}, std::move(on_evaluated)};
  SetDeadline(Deadline(), evaluation->call.context());
  const auto on_done = [evaluation](const grpc::Status& grpc_status) {
    const absl::Status status = ToStatus(grpc_status, evaluation->call);
    const OnEvaluated tell = std::move(evaluation->on_evaluated);
    v1::EvaluateResponse response = std::move(evaluation->response);
    // First: its context holds the channel, which is to end in the caller's thread and not in this one.
    delete evaluation;
    if (!status.ok()) return tell(status);
    tell(std::move(response));
  };
  evaluation_->async()->Evaluate(&evaluation->call.context(), &request, &evaluation->response, on_done);
}

absl::StatusOr<v1::EvaluateResult> Client::EvaluateWhole(v1::EvaluateItem item, absl::Time deadline) {
  v1::EvaluateRequest request;
  *request.add_items() = std::move(item);
  absl::StatusOr<v1::EvaluateResponse> response =
      Call(*evaluation_, &v1::EvaluationService::Stub::Evaluate, request, deadline, cancellation_);
  if (!response.ok()) return response.status();
  if (response->results_size() != 1) {
    return absl::InternalError(absl::StrCat("the server gave ", response->results_size(), " results for one item"));
  }
  v1::EvaluateResult& result = *response->mutable_results(0);
  if (result.status().code() != 0) {
    return absl::Status(static_cast<absl::StatusCode>(result.status().code()), result.status().message());
  }
  return std::move(result);
}

absl::StatusOr<v1::EvaluateResult> Client::Evaluate(v1::EvaluateItem item) {
  const absl::Time deadline = Deadline();
  const absl::StatusOr<v1::Limits> limits = Limits(deadline);
  if (!limits.ok()) return limits.status();
  const std::optional<client::SplitPlan> plan = client::PlanSplit(item, *limits);
  if (!plan.has_value()) return EvaluateWhole(std::move(item), deadline);

  v1::EvaluateResult result;
  for (int64_t begin = 0; begin < plan->elements; begin += plan->elements_per_call) {
    const int64_t end = std::min(begin + plan->elements_per_call, plan->elements);
    absl::StatusOr<v1::EvaluateResult> part = EvaluatePart(item, begin, end, deadline);
    if (!part.ok()) return part.status();
    if (absl::Status merged = client::AppendPart(*std::move(part), begin, end, item, result); !merged.ok())
      return merged;
  }
  return result;
}

absl::StatusOr<v1::EvaluateResult> Client::EvaluatePart(const v1::EvaluateItem& item, int64_t begin, int64_t end,
                                                        absl::Time deadline) {
  const absl::Time last_try = std::min(deadline, absl::Now() + kLongestWait);
  for (absl::Duration wait = kFirstWait;; wait *= 2) {
    absl::StatusOr<v1::EvaluateResult> part = EvaluateWhole(client::Slice(item, begin, end), deadline);
    // The part itself is within the limits, so it is the server that has too much in work.
    if (!absl::IsResourceExhausted(part.status()) || absl::Now() + wait > last_try) return part;
    absl::SleepFor(wait);
  }
}

absl::StatusOr<v1::Limits> Client::Limits(absl::Time deadline) {
  const absl::MutexLock lock(&limits_->mutex);
  if (!limits_->limits.has_value()) {
    absl::StatusOr<v1::GetServerInfoResponse> info = GetServerInfo(deadline);
    if (!info.ok()) return info.status();
    limits_->limits = std::move(*info->mutable_limits());
  }
  return *limits_->limits;
}

absl::Status Client::CheckSize(const google::protobuf::MessageLite& request, absl::Time deadline) {
  constexpr size_t kLeastLimit = 4096;  // of all servers
  const size_t size = request.ByteSizeLong();
  if (size <= kLeastLimit) return absl::OkStatus();
  const absl::StatusOr<v1::Limits> limits = Limits(deadline);
  if (!limits.ok()) return limits.status();
  if (size <= static_cast<uint64_t>(limits->message_size_bytes())) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the request has ", size,
                                                   " bytes, nearly all of them tensors; the server takes at most ",
                                                   limits->message_size_bytes(), " (--max_message_bytes)"));
}

absl::StatusOr<v1::ListCertificatesResponse> Client::ListCertificates(const v1::ListCertificatesRequest& request) {
  return Call(*accuracy_, &v1::AccuracyService::Stub::ListCertificates, request, Deadline(), cancellation_);
}

absl::StatusOr<std::vector<v1::Certificate>> Client::ListAllCertificates(v1::ListCertificatesRequest request) {
  const absl::Time deadline = Deadline();
  std::vector<v1::Certificate> certificates;
  const absl::Status status = ReadPages(request, [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<v1::ListCertificatesResponse> page =
        Call(*accuracy_, &v1::AccuracyService::Stub::ListCertificates, request, deadline, cancellation_);
    if (!page.ok()) return page.status();
    for (v1::Certificate& certificate : *page->mutable_certificates()) certificates.push_back(std::move(certificate));
    return page->next_page_token();
  });
  if (!status.ok()) return status;
  return certificates;
}

absl::StatusOr<v1::Certificate> Client::GetCertificate(const std::string& id) {
  v1::GetCertificateRequest request;
  request.set_id(id);
  absl::StatusOr<v1::GetCertificateResponse> response =
      Call(*accuracy_, &v1::AccuracyService::Stub::GetCertificate, request, Deadline(), cancellation_);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_certificate());
}

absl::StatusOr<std::string> Client::DeleteCertificate(const std::string& id) {
  v1::DeleteCertificateRequest request;
  request.set_id(id);
  const absl::StatusOr<v1::DeleteCertificateResponse> response =
      Call(*accuracy_, &v1::AccuracyService::Stub::DeleteCertificate, request, Deadline(), cancellation_);
  if (!response.ok()) return response.status();
  return response->id();
}

absl::StatusOr<v1::ImportCertificateResponse> Client::ImportCertificate(const v1::Certificate& certificate) {
  v1::ImportCertificateRequest request;
  *request.mutable_certificate() = certificate;
  return Call(*accuracy_, &v1::AccuracyService::Stub::ImportCertificate, request, Deadline(), cancellation_);
}

absl::StatusOr<v1::ListRunsResponse> Client::ListRuns(const v1::ListRunsRequest& request) {
  return Call(*benchmark_, &v1::BenchmarkService::Stub::ListRuns, request, Deadline(), cancellation_);
}

absl::StatusOr<std::vector<v1::BenchmarkRun>> Client::ListAllRuns(v1::ListRunsRequest request) {
  const absl::Time deadline = Deadline();
  std::vector<v1::BenchmarkRun> runs;
  const absl::Status status = ReadPages(request, [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<v1::ListRunsResponse> page =
        Call(*benchmark_, &v1::BenchmarkService::Stub::ListRuns, request, deadline, cancellation_);
    if (!page.ok()) return page.status();
    for (v1::BenchmarkRun& run : *page->mutable_runs()) runs.push_back(std::move(run));
    return page->next_page_token();
  });
  if (!status.ok()) return status;
  return runs;
}

absl::StatusOr<v1::BenchmarkRun> Client::GetRun(const std::string& run) {
  v1::GetRunRequest request;
  request.set_run(run);
  absl::StatusOr<v1::GetRunResponse> response =
      Call(*benchmark_, &v1::BenchmarkService::Stub::GetRun, request, Deadline(), cancellation_);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_run());
}

absl::StatusOr<std::string> Client::DeleteRun(const std::string& run) {
  v1::DeleteRunRequest request;
  request.set_run(run);
  const absl::StatusOr<v1::DeleteRunResponse> response =
      Call(*benchmark_, &v1::BenchmarkService::Stub::DeleteRun, request, Deadline(), cancellation_);
  if (!response.ok()) return response.status();
  return response->id();
}

absl::StatusOr<v1::CompareRunsResponse> Client::CompareRuns(const v1::CompareRunsRequest& request) {
  return Call(*benchmark_, &v1::BenchmarkService::Stub::CompareRuns, request, Deadline(), cancellation_);
}

absl::StatusOr<bool> Client::IsServing(const std::string& service) {
  constexpr int kServing = 1;  // grpc.health.v1.HealthCheckResponse.SERVING
  const absl::StatusOr<int> status = CheckHealth(channel_, service, Deadline());
  if (!status.ok()) return status.status();
  return *status == kServing;
}

}  // namespace actbench
