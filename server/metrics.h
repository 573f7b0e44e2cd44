// SPDX-License-Identifier: Apache-2.0
// Every metric that the server exports: the table in metrics_table.h is the only list, and docs/metrics.md its
// description. Only metrics.cc, metrics_accuracy.*, metrics_benchmark.* and metrics_families.* include prometheus-cpp.
// Thread-safe. Tested by metrics_test.cc.
#ifndef ACTBENCH_SERVER_METRICS_H_
#define ACTBENCH_SERVER_METRICS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/accuracy/report.h"
#include "kernels/gpu.h"
#include "kernels/kernel.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/verdict.h"
#include "server/job_class.h"

namespace actbench {

// A row of the table.
struct MetricInfo {
  std::string_view name;
  std::string_view type;  // "counter", "gauge" or "histogram", as in the exposition
  std::string_view help;
  std::span<const std::string_view> labels;
  std::span<const double> buckets;  // of a histogram, ascending, without +Inf
};

// The table: every metric there is, in the order of the exposition.
std::span<const MetricInfo> AllMetrics();

// Why a request or an item was not accepted. Label values of actbench_rpc_rejected_total.
enum class Rejection { kQueueFull, kInflightBytes, kTooLarge, kDeadline, kInvalid, kDraining, kUnsupported };

// Where work was that was stopped before it was finished. Label values of actbench_rpc_cancelled_work_total.
enum class WorkStage { kQueued, kRunning };

// How the error of a kernel was learnt. Label values of the metrics actbench_accuracy_*.
enum class AccuracySource {
  kCertificate,  // a finished measurement
  kSelfCheck,    // samples that the server draws in the background
  kLive,         // samples of what Evaluate answered
};

// How a benchmark case ended. Label values of actbench_bench_cases_total.
enum class CaseOutcome { kMeasured, kSkipped, kError };

class Metrics {
 public:
  // The most kernels that have series; what further ones do is only counted as dropped.
  static constexpr size_t kMaxKernelSeries = 256;

  // `widest_isa` is the widest instruction set of the catalog, for actbench_cpu_features_info.
  explicit Metrics(std::string_view widest_isa = "");
  ~Metrics();

  // The RPC layer. A method is registered once and is then observed through its handle, which lives as long as the
  // Metrics. `service`, `method` and `type` ("unary", "client_stream", "server_stream", "bidi_stream") come from
  // registered methods, never from request text. Registering again gives the same handle.
  class RpcMethod;
  RpcMethod* RegisterRpcMethod(std::string_view service, std::string_view method, std::string_view type);
  void RpcStarted(RpcMethod* method);
  void RpcHandled(RpcMethod* method, int code, absl::Duration duration);
  void RpcMessageReceived(RpcMethod* method);
  void RpcMessageSent(RpcMethod* method);

  // `method` is the name of a registered method of actbench.v1 without its service, such as "Evaluate"; others are
  // ignored. Bytes are the serialized sizes of the messages.
  void ObserveMessageBytes(std::string_view method, int64_t request_bytes, int64_t response_bytes);
  void Rejected(std::string_view method, Rejection reason);
  void CancelledWork(WorkStage stage);

  // One item done by `kernel` (one of the catalog's, so the labels are bounded): `compute` as in PhaseTimes, `bytes`
  // those of its inputs and outputs.
  void KernelRan(const Kernel& kernel, absl::Duration compute, int64_t elements, int64_t bytes);

  // A finished check of `kernel` (one of the catalog's), of which `report` has the counts, the maximum and the sum of
  // the errors; of samples, `errors` may have each, for the histogram. The maximum and the mean that are shown are of
  // the last certificate, but of all samples since the start.
  void AccuracyChecked(const Kernel& kernel, AccuracySource source, const AccuracyReport& report,
                       absl::Span<const double> errors = {});
  // The last certificate of `kernel` is of before the start: nothing is counted.
  void AccuracyCertified(const Kernel& kernel, double max_ulp, double mean_ulp, absl::Time time);
  // Samples of what Evaluate answered that were not checked, since too many were waiting.
  void AccuracySamplesDropped(int64_t count);

  // Benchmark runs, their cases, and slices of time that were measured again, by one of kDisturbances.
  void BenchmarkStarted();
  void BenchmarkCompleted(absl::Time end);
  // The last run was completed before the start: nothing is counted.
  void BenchmarkWasCompleted(absl::Time end);
  void BenchmarkCaseEnded(CaseOutcome outcome);
  void BenchmarkSlicesDiscarded(std::string_view reason, int slices);
  // A comparison of two kernels that were timed in turns.
  void BenchmarkJudged(Verdict verdict);
  // Of `kernel` (one of the catalog's) in the usual manner, and of the size that `set` stands for: the median, and the
  // width of its interval over it, NaN where there is none.
  void BenchmarkMeasured(const Kernel& kernel, WorkingSet set, double seconds_per_element, double interval_ratio);

  // The scheduler.
  void ObserveQueueWait(JobClass job_class, absl::Duration wait);
  void WorkerBusy(absl::Duration duration);

  // What is read of a GPU at each scrape.
  struct GpuGauges {
    GpuInfo info;
    bool lost = false;
    GpuUse use;
    GpuSensors sensors;
  };

  // Gauges that are read at each scrape.
  struct Gauges {
    PerClass<size_t> queue_depth;
    int64_t queue_capacity = 0;  // of each class
    int64_t inflight_bytes = 0;
    int64_t inflight_bytes_limit = 0;
    int64_t worker_threads = 0;
    int64_t worker_threads_busy = 0;
    bool ready = false;
    bool draining = false;
    bool state_unsaved = false;
    std::vector<GpuGauges> gpus = {};
  };
  class GaugeSource {
   public:
    virtual ~GaugeSource() = default;
    virtual Gauges Read() const = 0;
  };
  // `source` is read until it is replaced or the Metrics are destroyed; when this returns, the former one is not in use
  // any more. Null removes it: all gauges are then 0.
  void SetGaugeSource(const GaugeSource* source);

  // Serves /metrics at "HOST:PORT" (port 0: any free one) until destroyed and returns the address
  // with the real port. INVALID_ARGUMENT if the address is malformed, UNAVAILABLE if it cannot be listened on,
  // FAILED_PRECONDITION if already serving.
  absl::StatusOr<std::string> Serve(const std::string& address);

  // The exposition: the families in the order of the table, the series of each sorted by label values.
  std::string Text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_H_
