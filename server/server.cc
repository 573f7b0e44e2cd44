// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kernels/measure/host.h"
#include "kernels/plugins.h"
#include "proto/address.h"
#include "server/accuracy_service.h"
#include "server/address.h"
#include "server/admission.h"
#include "server/benchmark_convert.h"
#include "server/benchmark_service.h"
#include "server/build_id.h"
#include "server/calls.h"
#include "server/catalog_service.h"
#include "server/certificate.h"
#include "server/certificate_store.h"
#include "server/device_health.h"
#include "server/evaluation_service.h"
#include "server/grpc_settings.h"
#include "server/live_accuracy.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/rpc_metrics.h"
#include "server/run_store.h"
#include "server/scheduler.h"
#include "server/self_check.h"
#include "server/work_call.h"

namespace actbench {
namespace {

// Calls that arrive while gRPC shuts down end with CANCELLED, so new ones are refused in good order until there has
// been none for this long, ...
constexpr absl::Duration kQuiet = absl::Milliseconds(100);
// ... but no longer than this. Connections then get as much time again to close: gRPC waits for the client's word that
// everything has arrived. Only clients that watch the health service make use of all of it.
constexpr absl::Duration kGoodbye = absl::Milliseconds(500);

absl::Status CheckRange(const OptionRange& range, int64_t value) {
  if (value >= range.min && value <= range.max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", range.flag, " is ", value, "; it must be from ", range.min, " to ", range.max));
}

absl::Status CheckOptions(const ServerOptions& options) {
  const Limits& limits = options.limits;
  const std::pair<OptionRange, int64_t> values[] = {{kThreadsRange, options.threads},
                                                    {kMessageSizeRange, limits.message_size_bytes},
                                                    {kTensorElementsRange, limits.tensor_elements},
                                                    {kBatchItemsRange, limits.batch_items},
                                                    {kQueueLengthRange, limits.queue_length},
                                                    {kInflightBytesRange, limits.inflight_bytes},
                                                    {kAccuracySamplesRange, limits.accuracy_samples},
                                                    {kBenchmarkCasesRange, limits.benchmark_cases},
                                                    {kBenchmarkBytesRange, limits.benchmark_bytes},
                                                    {kBenchmarkSecondsRange, limits.benchmark_seconds},
                                                    {kRunsRange, options.max_runs},
                                                    {kMemoryQuotaRange, options.memory_quota_bytes},
                                                    {kGpuMemoryRange, options.gpu_limits.memory_bytes},
                                                    {kGpuPinnedRange, options.gpu_limits.pinned_bytes}};
  for (const auto& [range, value] : values) {
    if (absl::Status status = CheckRange(range, value); !status.ok()) return status;
  }
  if (!(options.accuracy_sample_rate >= 0 && options.accuracy_sample_rate <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--accuracy_sample_rate is ", options.accuracy_sample_rate, "; it must be from 0 to 1"));
  }
  if (!options.address.empty()) {
    absl::Status status = CheckAddress("--address", options.address, options.allow_insecure_bind);
    if (!status.ok()) return status;
  }
  if (options.metrics_address.empty()) return absl::OkStatus();
  return CheckHostPort("--metrics_address", options.metrics_address, options.allow_insecure_bind);
}

BenchmarkTools ToolsOf(const ServerOptions& options, const Catalog& catalog) {
  const std::string path = options.worker.empty() ? WorkerBesideThisProgram() : options.worker;
  return {.worker = {.path = path, .plugins = LoadedOf(options.plugins, catalog)},
          .lease_file = MachineLease::DefaultFile()};
}

// Also tells the log of the plug-ins, and of GPUs that are not used.
absl::StatusOr<std::shared_ptr<const Catalog>> CatalogOf(const ServerOptions& options) {
  if (options.catalog != nullptr) {
    return std::shared_ptr<const Catalog>(std::shared_ptr<const Catalog>(), options.catalog);
  }
  absl::StatusOr<std::shared_ptr<const Catalog>> catalog = MakeCatalog(options.plugins, options.gpu_limits);
  if (!catalog.ok()) return catalog.status();
  for (const PluginInfo& plugin : (*catalog)->plugins()) {
    Log(LogLevel::kInfo, "plug-in loaded",
        {{"provider", plugin.provider}, {"version", plugin.version}, {"file", plugin.file}});
    for (const std::string& warning : plugin.warnings) {
      Log(LogLevel::kWarning, absl::StrCat("plug-in ", plugin.provider, ": ", warning), {{"file", plugin.file}});
    }
  }
  for (const std::string& warning : (*catalog)->warnings()) Log(LogLevel::kWarning, warning);
  return catalog;
}

void PublishLastRun(const RunStore& runs, Metrics& metrics) {
  const absl::StatusOr<v1::ListRunsResponse> newest = runs.List({}, 1, "");
  if (newest.ok() && !newest->runs().empty()) metrics.BenchmarkWasCompleted(EndOf(newest->runs(0)));
}

class ServerImpl final : public Server, private Metrics::GaugeSource {
 public:
  ServerImpl(const ServerOptions& options, std::shared_ptr<const Catalog> catalog, int threads)
      : options_(options),
        shared_catalog_(std::move(catalog)),
        catalog_(*shared_catalog_),
        metrics_(catalog_.isas().empty() ? "" : catalog_.isas().back()),
        scheduler_(threads, static_cast<size_t>(options.limits.queue_length), metrics_),
        budget_(options.limits.inflight_bytes),
        live_accuracy_(options.accuracy_sample_rate, scheduler_, metrics_),
        self_check_(catalog_, scheduler_, metrics_),
        certificate_store_(options.state_dir, KernelBuildId(), PluginBuildIds(catalog_.plugins()),
                           options.on_state_warning),
        run_store_(options.state_dir, options.max_runs, options.on_state_warning),
        catalog_service_(
            catalog_, options_.limits, threads, [this] { return Warnings(); }, calls_, metrics_),
        evaluation_service_(catalog_, options_.limits, work_, live_accuracy_, self_check_),
        accuracy_service_(catalog_, options_.limits, work_, certificate_store_),
        benchmark_service_(catalog_, options_.limits, work_, certificate_store_, run_store_,
                           ToolsOf(options_, catalog_)) {}

  ~ServerImpl() override {
    Shutdown(absl::ZeroDuration());
    metrics_.SetGaugeSource(nullptr);
  }

  // What the constructor cannot report.
  absl::Status Listen();

  const std::string& address() const override { return address_; }
  const std::string& metrics_address() const override { return metrics_address_; }
  std::shared_ptr<grpc::Channel> InProcessChannel() override;
  bool Shutdown(absl::Duration timeout) override;

 private:
  Metrics::Gauges Read() const override;
  void SetServing();
  // What is wrong at the moment.
  std::vector<std::string> Warnings() const;

  const ServerOptions options_;
  const std::shared_ptr<const Catalog> shared_catalog_;
  const Catalog& catalog_;
  // Each uses those before it, and the server all of them.
  Metrics metrics_;
  Scheduler scheduler_;
  ByteBudget budget_;
  LiveAccuracy live_accuracy_;
  SelfCheck self_check_;
  CertificateStore certificate_store_;
  RunStore run_store_;
  Calls calls_;
  const WorkServices work_{scheduler_, budget_, calls_, metrics_};
  CatalogService catalog_service_;
  EvaluationService evaluation_service_;
  AccuracyService accuracy_service_;
  BenchmarkService benchmark_service_;
  std::unique_ptr<grpc::Server> server_;
  std::optional<DeviceHealth> device_health_;
  std::string address_;
  std::string metrics_address_;
  std::atomic<bool> draining_ = false;
  bool shut_down_ = false;
};

absl::Status ServerImpl::Listen() {
  const bool listen = !options_.address.empty();
  if (listen) {
    // gRPC would not say why it cannot.
    if (absl::Status status = CheckIsFree(options_.address); !status.ok()) return status;
  }
  InitializeGrpc();
  RegisterRpcMethods(metrics_);
  metrics_.SetGaugeSource(this);
  grpc::ServerBuilder builder;
  ApplyGrpcSettings(options_, builder);
  builder.RegisterService(&catalog_service_);
  builder.RegisterService(&evaluation_service_);
  builder.RegisterService(&accuracy_service_);
  builder.RegisterService(&benchmark_service_);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeRpcMetricsInterceptor(metrics_));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  int port = 0;
  if (listen) builder.AddListeningPort(options_.address, grpc::InsecureServerCredentials(), &port);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::InternalError(absl::StrCat("gRPC could not start a server on \"", options_.address, "\""));
  }
  if (listen) {
    address_ = IsUnixAddress(options_.address) ? options_.address : ParseHostPort(options_.address)->WithPort(port);
  }
  if (!options_.metrics_address.empty()) {
    PublishCertificates(certificate_store_, catalog_, metrics_);
    PublishLastRun(run_store_, metrics_);
    absl::StatusOr<std::string> bound = metrics_.Serve(options_.metrics_address);
    if (!bound.ok()) return bound.status();
    metrics_address_ = *std::move(bound);
  }
  if (options_.self_check) self_check_.Start();
  SetServing();
  return absl::OkStatus();
}

void ServerImpl::SetServing() {
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  health->SetServingStatus(true);
  health->SetServingStatus(v1::CatalogService::service_full_name(), true);
  health->SetServingStatus(v1::EvaluationService::service_full_name(), true);
  health->SetServingStatus(v1::AccuracyService::service_full_name(), true);
  health->SetServingStatus(v1::BenchmarkService::service_full_name(), true);
  device_health_.emplace(catalog_, *health);
}

std::vector<std::string> ServerImpl::Warnings() const {
  std::vector<std::string> warnings;
  // Both say the same of a database that cannot be used at all.
  for (std::string warning : {certificate_store_.warning(), run_store_.warning()}) {
    const bool is_new = warnings.empty() || warnings.back() != warning;
    if (!warning.empty() && is_new) warnings.push_back(std::move(warning));
  }
  warnings.insert(warnings.end(), catalog_.warnings().begin(), catalog_.warnings().end());
  for (const std::shared_ptr<const Gpu>& gpu : catalog_.gpus()) {
    if (const absl::Status status = gpu->health(); !status.ok()) warnings.emplace_back(status.message());
  }
  return warnings;
}

std::shared_ptr<grpc::Channel> ServerImpl::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return server_->InProcessChannel(arguments);
}

bool ServerImpl::Shutdown(absl::Duration timeout) {
  if (std::exchange(shut_down_, true) || server_ == nullptr) return true;
  const absl::Time deadline = absl::Now() + timeout;
  draining_ = true;
  server_->GetHealthCheckService()->Shutdown();
  self_check_.Stop();
  // New work is refused by the scheduler from here on. After this every reactor has been finished; without that,
  // grpc::Server::Shutdown would never return.
  const bool finished = scheduler_.Drain(deadline);
  // The answers of what was cancelled get a moment too.
  const absl::Time last_answer = finished ? deadline : std::max(deadline, absl::Now() + kGoodbye);
  const bool answered = calls_.AwaitAnswers(last_answer);
  // Nor does a call that waits for another process's lock keep gRPC from here on.
  certificate_store_.StopWaiting();
  run_store_.StopWaiting();
  calls_.AwaitQuiet(kQuiet, std::min(deadline, absl::Now() + kGoodbye));
  server_->Shutdown(absl::ToChronoTime(std::min(last_answer, absl::Now() + kGoodbye)));
  server_->Wait();
  return finished && answered;
}

Metrics::Gauges ServerImpl::Read() const {
  const Scheduler::Counts counts = scheduler_.counts();
  std::vector<Metrics::GpuGauges> gpus;
  for (const std::shared_ptr<const Gpu>& gpu : catalog_.gpus()) {
    gpus.push_back({gpu->info(), !gpu->health().ok(), gpu->use(), gpu->sensors()});
  }
  return {.queue_depth = counts.waiting,
          .queue_capacity = static_cast<int64_t>(scheduler_.queue_length()),
          .inflight_bytes = budget_.used(),
          .inflight_bytes_limit = budget_.limit(),
          .worker_threads = static_cast<int64_t>(scheduler_.threads()),
          .worker_threads_busy = static_cast<int64_t>(counts.busy),
          .ready = !draining_,
          .draining = draining_,
          .state_unsaved = !certificate_store_.warning().empty() || !run_store_.warning().empty(),
          .gpus = std::move(gpus)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  // Before there are threads.
  absl::StatusOr<std::shared_ptr<const Catalog>> catalog = CatalogOf(options);
  if (!catalog.ok()) return catalog.status();
  const int threads = options.threads > 0 ? options.threads : AvailableCpus();
  std::unique_ptr<ServerImpl> server;
  try {
    server = std::make_unique<ServerImpl>(options, *std::move(catalog), threads);
    if (absl::Status status = server->Listen(); !status.ok()) return status;
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start ", threads, " worker threads (--threads): ", error.code().message()));
  }
  return server;
}

}  // namespace actbench
