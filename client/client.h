// SPDX-License-Identifier: Apache-2.0
// The C++ client library: typed calls to an actbench server. Knows no kernels. Thread-safe. Tested by client_test.cc.
#ifndef ACTBENCH_CLIENT_CLIENT_H_
#define ACTBENCH_CLIENT_CLIENT_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "actbench/v1/accuracy.grpc.pb.h"
#include "actbench/v1/benchmark.grpc.pb.h"
#include "actbench/v1/catalog.grpc.pb.h"
#include "actbench/v1/evaluation.grpc.pb.h"
#include "client/cancellation.h"

namespace actbench {

// Called in the thread that waits for the measurement, about ten times a second.
using OnAccuracyProgress = std::function<void(const v1::AccuracyProgress&)>;

// Called in the thread that waits for a benchmark run, as progress and results come; each may be null.
struct OnBenchmark {
  std::function<void(const v1::BenchmarkProgress&)> progress;
  std::function<void(const v1::BenchmarkResult&)> result;
};

// The same for a paired benchmark. All comparisons come at its end.
struct OnPairedBenchmark {
  std::function<void(const v1::BenchmarkProgress&)> progress;
  std::function<void(const v1::SpeedComparison&)> comparison;
};

// Called once, in a thread of gRPC's, of which there are few: it should return soon, and call no method that waits.
using OnEvaluated = std::function<void(absl::StatusOr<v1::EvaluateResponse>)>;

// Errors carry the server's code and message; UNAVAILABLE also means that no server answers or that the connection was
// lost. No call waits for a server that is not there, and no call is tried twice but the parts of a split one.
class Client {
 public:
  // A client of the server at "HOST:PORT" or "unix:PATH", with a connection of its own. Does not connect yet.
  static Client Connect(const std::string& address);

  // A client over an existing channel, such as a server's in-process one.
  explicit Client(std::shared_ptr<grpc::Channel> channel);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Connects; UNAVAILABLE with the reason if that fails. Needs not be called.
  absl::Status WaitForConnection(absl::Duration timeout);

  absl::StatusOr<v1::ListActivationsResponse> ListActivations();
  absl::StatusOr<v1::ListKernelsResponse> ListKernels(const v1::ListKernelsRequest& request = {});
  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo();

  // One Evaluate call, as given.
  absl::StatusOr<v1::EvaluateResponse> EvaluateBatch(const v1::EvaluateRequest& request);

  // The same without waiting. `on_evaluated` is called where the call ends, perhaps before this returns. Until then
  // the request, this client and its cancellation must stay.
  void EvaluateBatchAsync(const v1::EvaluateRequest& request, OnEvaluated on_evaluated);

  // Evaluates one item of any size: tensors larger than the server's limits travel in several calls, and the result is
  // as if there had been one (times and checked elements are summed, errors merged). A part that a busy server refuses
  // with RESOURCE_EXHAUSTED is sent again for some seconds. The status is the item's own.
  // Move the item in to save a copy of its tensors.
  absl::StatusOr<v1::EvaluateResult> Evaluate(v1::EvaluateItem item);

  // Measures a kernel.
  absl::StatusOr<v1::Certificate> MeasureAccuracy(const v1::MeasureAccuracyRequest& request,
                                                  const OnAccuracyProgress& on_progress = nullptr);
  // The same for two kernels.
  absl::StatusOr<v1::Comparison> CompareKernels(const v1::CompareKernelsRequest& request,
                                                const OnAccuracyProgress& on_progress = nullptr);

  // One page of the stored certificates, as the request has it.
  absl::StatusOr<v1::ListCertificatesResponse> ListCertificates(const v1::ListCertificatesRequest& request = {});
  // All pages from the request's on.
  absl::StatusOr<std::vector<v1::Certificate>> ListAllCertificates(v1::ListCertificatesRequest request = {});
  absl::StatusOr<v1::Certificate> GetCertificate(const std::string& id);
  // Deletes it for good and gives its whole id.
  absl::StatusOr<std::string> DeleteCertificate(const std::string& id);
  // Stores it and gives its new id, and whether it is saved.
  absl::StatusOr<v1::ImportCertificateResponse> ImportCertificate(const v1::Certificate& certificate);

  // Runs benchmarks and gives the run with its results.
  absl::StatusOr<v1::BenchmarkRun> RunBenchmark(const v1::RunBenchmarkRequest& request, const OnBenchmark& on = {});
  // One page of the stored runs, as the request has it, and all pages from the request's on.
  absl::StatusOr<v1::ListRunsResponse> ListRuns(const v1::ListRunsRequest& request = {});
  absl::StatusOr<std::vector<v1::BenchmarkRun>> ListAllRuns(v1::ListRunsRequest request = {});
  // `run`: an id, the beginning of one, or a name.
  absl::StatusOr<v1::BenchmarkRun> GetRun(const std::string& run);
  // Deletes it for good and gives its whole id.
  absl::StatusOr<std::string> DeleteRun(const std::string& run);

  // Times pairs of kernels and gives the comparisons with what they are about, as CompareRuns does.
  absl::StatusOr<v1::CompareRunsResponse> RunPairedBenchmark(const v1::RunPairedBenchmarkRequest& request,
                                                             const OnPairedBenchmark& on = {});
  // Compares two runs, stored or given.
  absl::StatusOr<v1::CompareRunsResponse> CompareRuns(const v1::CompareRunsRequest& request);

  // grpc.health.v1: whether `service` ("" for the whole server) is serving. NOT_FOUND if there is no such service.
  absl::StatusOr<bool> IsServing(const std::string& service = "");

  // How long each of these methods may take, a split Evaluate and a list of many pages as a whole too; infinite by
  // default. Not to be called while another thread is in one.
  void set_timeout(absl::Duration timeout) { timeout_ = timeout; }

  // Where another thread calls `cancellation`, these methods, but IsServing, end with CANCELLED and the server's work
  // for them stops. It must outlive the client or be replaced, by null for none. Not to be called while another thread
  // is in one of them.
  void set_cancellation(Cancellation* cancellation) { cancellation_ = cancellation; }

 private:
  struct LimitsCache;

  // When a method that is called now must be done.
  absl::Time Deadline() const { return absl::Now() + timeout_; }
  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo(absl::Time deadline);
  // The server's limits, asked for once.
  absl::StatusOr<v1::Limits> Limits(absl::Time deadline);
  // RESOURCE_EXHAUSTED if the request, which holds tensors, is larger than the server takes: beyond that it would end
  // the call without saying why.
  absl::Status CheckSize(const google::protobuf::MessageLite& request, absl::Time deadline);
  // Evaluate for a batch of one.
  absl::StatusOr<v1::EvaluateResult> EvaluateWhole(v1::EvaluateItem item, absl::Time deadline);
  // One part of a split item: elements [begin, end).
  absl::StatusOr<v1::EvaluateResult> EvaluatePart(const v1::EvaluateItem& item, int64_t begin, int64_t end,
                                                  absl::Time deadline);

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::EvaluationService::Stub> evaluation_;
  std::unique_ptr<v1::AccuracyService::Stub> accuracy_;
  std::unique_ptr<v1::BenchmarkService::Stub> benchmark_;
  std::unique_ptr<LimitsCache> limits_;
  absl::Duration timeout_ = absl::InfiniteDuration();
  Cancellation* cancellation_ = nullptr;
};

}  // namespace actbench

#endif  // ACTBENCH_CLIENT_CLIENT_H_
