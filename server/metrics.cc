// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <array>
#include <atomic>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "kernels/measure/host.h"
#include "server/build_info.h"
#include "server/log.h"
#include "server/metrics_accuracy.h"
#include "server/metrics_benchmark.h"
#include "server/metrics_endpoint.h"
#include "server/metrics_families.h"
#include "server/metrics_table.h"
#include "server/mutex.h"
#include "server/process_metrics.h"

namespace actbench {
namespace {

using metrics_table::kTable;
using metrics_table::Row;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

// Values of the label "reason", in the order of Rejection.
constexpr std::array<std::string_view, 7> kReasons = {"queue_full", "inflight_bytes", "too_large",  "deadline",
                                                      "invalid",    "draining",       "unsupported"};
// Values of the label "stage", in the order of WorkStage.
constexpr std::array<std::string_view, 2> kStages = {"queued", "running"};

// Values of the label "grpc_code" by number, spelled as in go-grpc-prometheus, whose dashboards are the widespread
// ones.
constexpr std::array<std::string_view, 17> kCodes = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
// Those that every method has from the start: what our handlers answer. The others appear when first seen.
constexpr std::array<int, 9> kCommonCodes = {0, 1, 3, 4, 5, 8, 12, 13, 14};

// The series with the label "method". Health and reflection, which are not ours, have only the first.
struct MethodSeries {
  Gauge* inflight = nullptr;
  Histogram* request_bytes = nullptr;
  Histogram* response_bytes = nullptr;
  std::array<Counter*, kReasons.size()> rejected = {};
};

struct KernelSeries {
  Histogram* duration;
  Histogram* batch_size;  // of the activation
  Counter* elements;
  Counter* bytes;
};

void AppendGpu(const Metrics::GpuGauges& gpu, std::vector<MetricSample>& samples) {
  const GpuInfo& info = gpu.info;
  samples.push_back(
      {Row("actbench_gpu_info", "gauge"), 1, {info.device, info.model, info.isa, info.driver, info.uuid}});
  const auto add = [&](size_t row, auto value) { samples.push_back({row, static_cast<double>(value), {info.device}}); };
  const auto add_bytes = [&](size_t row, int64_t device, int64_t pinned) {
    samples.push_back({row, static_cast<double>(device), {info.device, "device"}});
    samples.push_back({row, static_cast<double>(pinned), {info.device, "pinned"}});
  };
  add(Row("actbench_gpu_lost", "gauge"), gpu.lost);
  add_bytes(Row("actbench_gpu_held_bytes", "gauge"), gpu.use.device_bytes, gpu.use.pinned_bytes);
  add_bytes(Row("actbench_gpu_held_bytes_limit", "gauge"), gpu.use.device_bytes_limit, gpu.use.pinned_bytes_limit);
  add(Row("actbench_gpu_launches_total", "counter"), gpu.use.launches);
  add(Row("actbench_gpu_graph_launches_total", "counter"), gpu.use.graph_launches);
  add(Row("actbench_gpu_memory_bytes", "gauge"), info.memory_bytes);
  add(Row("actbench_gpu_memory_used_bytes", "gauge"), gpu.sensors.memory_used_bytes);
  add(Row("actbench_gpu_utilization_ratio", "gauge"), gpu.sensors.utilization_ratio);
  add(Row("actbench_gpu_clock_hertz", "gauge"), gpu.sensors.clock_hz);
  add(Row("actbench_gpu_memory_clock_hertz", "gauge"), gpu.sensors.memory_clock_hz);
  add(Row("actbench_gpu_throttled", "gauge"), gpu.sensors.throttled);
  add(Row("actbench_gpu_temperature_celsius", "gauge"), gpu.sensors.temperature_celsius);
  add(Row("actbench_gpu_power_watts", "gauge"), gpu.sensors.power_watts);
}

void AppendGauges(const Metrics::Gauges& gauges, std::vector<MetricSample>& samples) {
  const auto add = [&samples](size_t row, auto value) { samples.push_back({row, static_cast<double>(value)}); };
  for (size_t i = 0; i < kJobClassNames.size(); ++i) {
    const auto depth = static_cast<double>(gauges.queue_depth[static_cast<JobClass>(i)]);
    const auto capacity = static_cast<double>(gauges.queue_capacity);
    samples.push_back({Row("actbench_queue_depth", "gauge"), depth, {kJobClassNames[i]}});
    samples.push_back({Row("actbench_queue_capacity", "gauge"), capacity, {kJobClassNames[i]}});
  }
  add(Row("actbench_inflight_bytes", "gauge"), gauges.inflight_bytes);
  add(Row("actbench_inflight_bytes_limit", "gauge"), gauges.inflight_bytes_limit);
  add(Row("actbench_worker_threads", "gauge"), gauges.worker_threads);
  add(Row("actbench_worker_threads_busy", "gauge"), gauges.worker_threads_busy);
  add(Row("actbench_ready", "gauge"), gauges.ready);
  add(Row("actbench_draining", "gauge"), gauges.draining);
  add(Row("actbench_state_unsaved", "gauge"), gauges.state_unsaved);
  for (const Metrics::GpuGauges& gpu : gauges.gpus) AppendGpu(gpu, samples);
}

void AppendProcess(std::vector<MetricSample>& samples) {
  const ProcessMetrics process = ReadProcessMetrics();
  samples.push_back({Row("process_cpu_seconds_total", "counter"), process.cpu_seconds});
  samples.push_back({Row("process_open_fds", "gauge"), process.open_fds});
  samples.push_back({Row("process_max_fds", "gauge"), process.max_fds});
  samples.push_back({Row("process_virtual_memory_bytes", "gauge"), process.virtual_memory_bytes});
  samples.push_back({Row("process_virtual_memory_max_bytes", "gauge"), process.virtual_memory_max_bytes});
  samples.push_back({Row("process_resident_memory_bytes", "gauge"), process.resident_memory_bytes});
  samples.push_back({Row("process_start_time_seconds", "gauge"), process.start_time_seconds});
  samples.push_back({Row("process_threads", "gauge"), process.threads});
}

}  // namespace

std::span<const MetricInfo> AllMetrics() { return kTable; }

class Metrics::RpcMethod {
 public:
  std::array<std::string, 3> names;  // type, service, method
  Counter* started;
  Histogram* handling;
  Counter* received;
  Counter* sent;
  std::array<std::atomic<Counter*>, kCodes.size()> handled = {};
  MethodSeries* series;
};

class Metrics::Impl {
 public:
  explicit Impl(std::string_view widest_isa) : widest_isa_(widest_isa), cpu_model_(CpuModel()) {
    for (size_t i = 0; i < kStages.size(); ++i) {
      cancelled_work[i] = &families_.AddCounter(Row("actbench_rpc_cancelled_work_total", "counter"), {{kStages[i]}});
    }
    for (size_t i = 0; i < kJobClassNames.size(); ++i) {
      queue_wait[static_cast<JobClass>(i)] =
          &families_.AddHistogram(Row("actbench_queue_wait_seconds", "histogram"), {{kJobClassNames[i]}});
    }
  }

  Counter& Handled(RpcMethod& method, size_t code);
  RpcMethod* Register(std::string_view service, std::string_view method, std::string_view type);
  MethodSeries* FindMethod(std::string_view method) const;
  // Null if there is no room for this kernel's series.
  const KernelSeries* FindOrAdd(const Kernel& kernel);
  std::string Text() const;

  void SetGaugeSource(const GaugeSource* source) {
    MutexLock lock(gauge_mutex_);
    gauge_source_ = source;
  }
  absl::StatusOr<std::string> Serve(const std::string& address);

 private:
  MetricFamilies families_{kTable};  // first, as the handles below are made from it

 public:
  std::array<Counter*, kStages.size()> cancelled_work;
  Counter& series_dropped = families_.AddCounter(Row("actbench_metric_series_dropped_total", "counter"), {});
  Counter& accuracy_samples_dropped =
      families_.AddCounter(Row("actbench_accuracy_samples_dropped_total", "counter"), {});
  AccuracyMetrics accuracy{families_};
  BenchmarkMetrics benchmark{families_};
  Counter& worker_busy_seconds = families_.AddCounter(Row("actbench_worker_busy_seconds_total", "counter"), {});
  PerClass<Histogram*> queue_wait;

 private:
  MethodSeries MakeMethodSeries(std::string_view service, std::string_view method);

  const std::string widest_isa_;
  const std::string cpu_model_;

  mutable Mutex mutex_;
  // Values are pointers, so that handles stay where they are.
  std::map<std::string, std::unique_ptr<RpcMethod>, std::less<>> rpc_methods_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<MethodSeries>, std::less<>> methods_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Kernel, std::unique_ptr<KernelSeries>, KernelHash, KernelEqual> kernels_ ABSL_GUARDED_BY(mutex_);

  // Held while the source is read, so that it can be taken away.
  mutable Mutex gauge_mutex_;
  const GaugeSource* gauge_source_ ABSL_GUARDED_BY(gauge_mutex_) = nullptr;

  Mutex endpoint_mutex_;
  // Last: it stops before anything that it reads goes away.
  std::unique_ptr<MetricsEndpoint> endpoint_ ABSL_GUARDED_BY(endpoint_mutex_);
};

MethodSeries Metrics::Impl::MakeMethodSeries(std::string_view service, std::string_view method) {
  MethodSeries series;
  series.inflight = &families_.AddGauge(Row("actbench_rpc_inflight", "gauge"), {{method}});
  if (!service.starts_with("actbench.")) return series;
  series.request_bytes = &families_.AddHistogram(Row("actbench_rpc_request_bytes", "histogram"), {{method}});
  series.response_bytes = &families_.AddHistogram(Row("actbench_rpc_response_bytes", "histogram"), {{method}});
  for (size_t i = 0; i < kReasons.size(); ++i) {
    series.rejected[i] = &families_.AddCounter(Row("actbench_rpc_rejected_total", "counter"), {{method, kReasons[i]}});
  }
  return series;
}

Metrics::RpcMethod* Metrics::Impl::Register(std::string_view service, std::string_view method, std::string_view type) {
  MutexLock lock(mutex_);
  std::unique_ptr<RpcMethod>& slot = rpc_methods_[std::string(service) + "/" + std::string(method)];
  if (slot != nullptr) return slot.get();
  std::unique_ptr<MethodSeries>& series = methods_[std::string(method)];
  if (series == nullptr) series = std::make_unique<MethodSeries>(MakeMethodSeries(service, method));
  const std::array labels = {type, service, method};
  slot = std::make_unique<RpcMethod>();
  slot->names = {std::string(type), std::string(service), std::string(method)};
  slot->started = &families_.AddCounter(Row("grpc_server_started_total", "counter"), labels);
  slot->handling = &families_.AddHistogram(Row("grpc_server_handling_seconds", "histogram"), labels);
  slot->received = &families_.AddCounter(Row("grpc_server_msg_received_total", "counter"), labels);
  slot->sent = &families_.AddCounter(Row("grpc_server_msg_sent_total", "counter"), labels);
  slot->series = series.get();
  for (size_t code : kCommonCodes) Handled(*slot, code);
  return slot.get();
}

Counter& Metrics::Impl::Handled(RpcMethod& method, size_t code) {
  std::atomic<Counter*>& slot = method.handled[code];
  Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads may both come here; they get the same series.
    counter = &families_.AddCounter(Row("grpc_server_handled_total", "counter"),
                                    {{method.names[0], method.names[1], method.names[2], kCodes[code]}});
    slot.store(counter, std::memory_order_release);
  }
  return *counter;
}

MethodSeries* Metrics::Impl::FindMethod(std::string_view method) const {
  MutexLock lock(mutex_);
  const auto it = methods_.find(method);
  return it == methods_.end() ? nullptr : it->second.get();
}

const KernelSeries* Metrics::Impl::FindOrAdd(const Kernel& kernel) {
  MutexLock lock(mutex_);
  if (const auto it = kernels_.find(kernel); it != kernels_.end()) return it->second.get();
  if (kernels_.size() >= kMaxKernelSeries) return nullptr;
  const auto labels = KernelLabelValues(kernel);
  auto series = std::make_unique<KernelSeries>(
      KernelSeries{&families_.AddHistogram(Row("actbench_kernel_duration_seconds", "histogram"), labels),
                   &families_.AddHistogram(Row("actbench_batch_size_elements", "histogram"), {{labels[0]}}),
                   &families_.AddCounter(Row("actbench_kernel_elements_total", "counter"), labels),
                   &families_.AddCounter(Row("actbench_kernel_bytes_total", "counter"), labels)});
  return kernels_.emplace(kernel, std::move(series)).first->second.get();
}

std::string Metrics::Impl::Text() const {
  std::vector<MetricSample> samples;
  Gauges gauges;  // whose strings the samples point to
  {
    MutexLock lock(gauge_mutex_);
    if (gauge_source_ != nullptr) gauges = gauge_source_->Read();
  }
  AppendGauges(gauges, samples);
  for (LogLevel level : kLogLevels) {
    const auto messages = static_cast<double>(LogMessages(level));
    samples.push_back({Row("actbench_log_messages_total", "counter"), messages, {actbench::Name(level)}});
  }
  const BuildInfo& build = GetBuildInfo();
  samples.push_back({Row("actbench_build_info", "gauge"),
                     1,
                     {build.version, build.revision, build.compiler, build.grpc_version, build.protobuf_version}});
  samples.push_back({Row("actbench_cpu_features_info", "gauge"), 1, {cpu_model_, widest_isa_}});
  AppendProcess(samples);
  return families_.Text(samples);
}

absl::StatusOr<std::string> Metrics::Impl::Serve(const std::string& address) {
  MutexLock lock(endpoint_mutex_);
  if (endpoint_ != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("metrics are already served at ", endpoint_->address()));
  }
  absl::StatusOr<std::unique_ptr<MetricsEndpoint>> endpoint =
      MetricsEndpoint::Start(address, [this] { return Text(); });
  if (!endpoint.ok()) return endpoint.status();
  endpoint_ = *std::move(endpoint);
  return endpoint_->address();
}

Metrics::Metrics(std::string_view widest_isa) : impl_(std::make_unique<Impl>(widest_isa)) {}
Metrics::~Metrics() = default;

Metrics::RpcMethod* Metrics::RegisterRpcMethod(std::string_view service, std::string_view method,
                                               std::string_view type) {
  return impl_->Register(service, method, type);
}

void Metrics::RpcStarted(RpcMethod* method) {
  method->started->Increment();
  method->series->inflight->Increment();
}

void Metrics::RpcHandled(RpcMethod* method, int code, absl::Duration duration) {
  // A handler may answer any number; what is no status code counts as Unknown, as clients see it.
  const bool known = code >= 0 && code < static_cast<int>(kCodes.size());
  impl_->Handled(*method, known ? static_cast<size_t>(code) : 2).Increment();
  method->handling->Observe(absl::ToDoubleSeconds(duration));
  method->series->inflight->Decrement();
}

void Metrics::RpcMessageReceived(RpcMethod* method) { method->received->Increment(); }
void Metrics::RpcMessageSent(RpcMethod* method) { method->sent->Increment(); }

void Metrics::ObserveMessageBytes(std::string_view method, int64_t request_bytes, int64_t response_bytes) {
  const MethodSeries* const series = impl_->FindMethod(method);
  if (series == nullptr || series->request_bytes == nullptr) return;
  series->request_bytes->Observe(static_cast<double>(request_bytes));
  series->response_bytes->Observe(static_cast<double>(response_bytes));
}

void Metrics::Rejected(std::string_view method, Rejection reason) {
  const MethodSeries* const series = impl_->FindMethod(method);
  if (series == nullptr || series->request_bytes == nullptr) return;
  series->rejected[static_cast<size_t>(reason)]->Increment();
}

void Metrics::CancelledWork(WorkStage stage) { impl_->cancelled_work[static_cast<size_t>(stage)]->Increment(); }

void Metrics::KernelRan(const Kernel& kernel, absl::Duration compute, int64_t elements, int64_t bytes) {
  const KernelSeries* const series = impl_->FindOrAdd(kernel);
  if (series == nullptr) {
    impl_->series_dropped.Increment();
    return;
  }
  series->duration->Observe(absl::ToDoubleSeconds(compute));
  series->batch_size->Observe(static_cast<double>(elements));
  series->elements->Increment(static_cast<double>(elements));
  series->bytes->Increment(static_cast<double>(bytes));
}

void Metrics::AccuracyChecked(const Kernel& kernel, AccuracySource source, const AccuracyReport& report,
                              absl::Span<const double> errors) {
  if (!impl_->accuracy.Checked(kernel, source, report, errors)) impl_->series_dropped.Increment();
}

void Metrics::AccuracyCertified(const Kernel& kernel, double max_ulp, double mean_ulp, absl::Time time) {
  if (!impl_->accuracy.Certified(kernel, max_ulp, mean_ulp, time)) impl_->series_dropped.Increment();
}

void Metrics::AccuracySamplesDropped(int64_t count) {
  impl_->accuracy_samples_dropped.Increment(static_cast<double>(count));
}

void Metrics::BenchmarkStarted() { impl_->benchmark.Started(); }
void Metrics::BenchmarkCompleted(absl::Time end) { impl_->benchmark.Completed(end); }
void Metrics::BenchmarkWasCompleted(absl::Time end) { impl_->benchmark.WasCompleted(end); }
void Metrics::BenchmarkCaseEnded(CaseOutcome outcome) { impl_->benchmark.Ended(outcome); }
void Metrics::BenchmarkSlicesDiscarded(std::string_view reason, int slices) {
  impl_->benchmark.Discarded(reason, slices);
}
void Metrics::BenchmarkJudged(Verdict verdict) { impl_->benchmark.Judged(verdict); }
void Metrics::BenchmarkMeasured(const Kernel& kernel, WorkingSet set, double seconds_per_element,
                                double interval_ratio) {
  if (!impl_->benchmark.Measured(kernel, set, seconds_per_element, interval_ratio)) impl_->series_dropped.Increment();
}

void Metrics::ObserveQueueWait(JobClass job_class, absl::Duration wait) {
  impl_->queue_wait[job_class]->Observe(absl::ToDoubleSeconds(wait));
}
void Metrics::WorkerBusy(absl::Duration duration) {
  impl_->worker_busy_seconds.Increment(absl::ToDoubleSeconds(duration));
}

void Metrics::SetGaugeSource(const GaugeSource* source) { impl_->SetGaugeSource(source); }
absl::StatusOr<std::string> Metrics::Serve(const std::string& address) { return impl_->Serve(address); }
std::string Metrics::Text() const { return impl_->Text(); }

}  // namespace actbench
