// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernels/measure/host.h"
#include "server/build_info.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

Kernel MakeKernel(const std::string& activation, Dtype dtype = Dtype::kF32) {
  return {activation, Direction::kForward, dtype, "actbench", "fast", "cpu", "avx2", {}};
}

std::string KernelSeriesName(const std::string& metric, const std::string& activation) {
  return metric + "{activation=\"" + activation +
         R"(",device="cpu",direction="forward",dtype="f32",isa="avx2",provider="actbench",tier="fast"})";
}

// A line of a family's data: its name and the names of its labels.
struct Series {
  std::string name;
  std::set<std::string> labels;
};

Series ParseSeries(const std::string& line) {
  Series series = {line.substr(0, line.find_first_of("{ ")), {}};
  const size_t open = line.find('{');
  if (open == std::string::npos) return series;
  // Values of ours hold no quotes.
  size_t at = open + 1;
  while (line[at] != '}') {
    const size_t equals = line.find('=', at);
    series.labels.insert(line.substr(at, equals - at));
    at = line.find('"', equals + 2) + 1;
    if (line[at] == ',') ++at;
  }
  return series;
}

// Metrics with a series in every family.
void Exercise(Metrics& metrics) {
  Metrics::RpcMethod* const method = metrics.RegisterRpcMethod("actbench.v1.EvaluationService", "Evaluate", "unary");
  metrics.RpcStarted(method);
  metrics.RpcHandled(method, 0, absl::Milliseconds(3));
  metrics.KernelRan(MakeKernel("relu"), absl::Microseconds(5), 10, 80);
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kLive, AccuracyReport());
  metrics.BenchmarkMeasured(MakeKernel("relu"), WorkingSet::kL2, 1e-10, 0.01);
}

TEST(MetricsTest, TheExpositionHasExactlyTheFamiliesOfTheTable) {
  for (const bool exercised : {false, true}) {
    Metrics metrics;
    if (exercised) Exercise(metrics);
    std::vector<std::string> help;
    std::vector<std::string> types;
    for (const std::string& line : Lines(metrics.Text())) {
      if (line.starts_with("# HELP ")) help.push_back(line);
      if (line.starts_with("# TYPE ")) types.push_back(line);
    }
    std::vector<std::string> expected_help;
    std::vector<std::string> expected_types;
    for (const MetricInfo& info : AllMetrics()) {
      expected_help.push_back("# HELP " + std::string(info.name) + " " + std::string(info.help));
      expected_types.push_back("# TYPE " + std::string(info.name) + " " + std::string(info.type));
    }
    EXPECT_EQ(help, expected_help);
    EXPECT_EQ(types, expected_types);
  }
}

class FixedGauges final : public Metrics::GaugeSource {
 public:
  Metrics::Gauges Read() const override {
    // In the order below.
    Metrics::Gauges gauges = {{}, 2, int64_t{1} << 40, 4, 5, 6, true, false, true, {GpuOf("cuda:0")}};
    gauges.queue_depth[JobClass::kLong] = 1;
    return gauges;
  }

 private:
  static Metrics::GpuGauges GpuOf(const std::string& device) {
    Metrics::GpuGauges gpu;
    gpu.info.device = device;
    gpu.lost = true;
    gpu.use.pinned_bytes = 7;
    gpu.sensors = {0.5, 8, 61, 300, 1.5e9, 2.5e9, 1};
    return gpu;
  }
};

TEST(MetricsTest, EverySeriesHasTheLabelsOfItsRowAndEveryFamilyHasASeries) {
  Metrics metrics("avx2");
  Exercise(metrics);
  const FixedGauges gauges;
  metrics.SetGaugeSource(&gauges);
  std::set<std::string> seen;
  const MetricInfo* info = nullptr;
  for (const std::string& line : Lines(metrics.Text())) {
    if (line.starts_with("# TYPE ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      info = &*std::ranges::find(AllMetrics(), name, &MetricInfo::name);
    }
    if (line.starts_with("#")) continue;
    const Series series = ParseSeries(line);
    std::set<std::string> labels(info->labels.begin(), info->labels.end());
    std::string name(info->name);
    if (info->type == "histogram") {
      if (series.name.ends_with("_bucket")) labels.insert("le");
      name = series.name;
      EXPECT_TRUE(name == std::string(info->name) + "_bucket" || name == std::string(info->name) + "_sum" ||
                  name == std::string(info->name) + "_count");
    }
    EXPECT_EQ(series.name, name);
    EXPECT_EQ(series.labels, labels) << line;
    seen.insert(std::string(info->name));
  }
  EXPECT_EQ(seen.size(), AllMetrics().size());
  metrics.SetGaugeSource(nullptr);
}

TEST(MetricsTest, RegisteredMethodsStartAtZero) {
  Metrics metrics;
  Metrics::RpcMethod* const method = metrics.RegisterRpcMethod("actbench.v1.EvaluationService", "Evaluate", "unary");
  EXPECT_EQ(metrics.RegisterRpcMethod("actbench.v1.EvaluationService", "Evaluate", "unary"), method);
  const std::string text = metrics.Text();
  const std::string labels =
      R"(grpc_method="Evaluate",grpc_service="actbench.v1.EvaluationService",grpc_type="unary"})";
  for (const char* series :
       {"grpc_server_started_total{", "grpc_server_handled_total{grpc_code=\"OK\",",
        "grpc_server_handled_total{grpc_code=\"InvalidArgument\",", "grpc_server_handled_total{grpc_code=\"Canceled\",",
        "grpc_server_handled_total{grpc_code=\"DeadlineExceeded\",",
        "grpc_server_handled_total{grpc_code=\"ResourceExhausted\",",
        "grpc_server_handled_total{grpc_code=\"Unavailable\",", "grpc_server_handling_seconds_count{",
        "grpc_server_msg_received_total{", "grpc_server_msg_sent_total{"}) {
    EXPECT_EQ(MetricValue(text, series + labels), 0) << series;
  }
  for (const char* reason :
       {"queue_full", "inflight_bytes", "too_large", "deadline", "invalid", "draining", "unsupported"}) {
    EXPECT_EQ(
        MetricValue(text, "actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"" + std::string(reason) + "\"}"), 0)
        << reason;
  }
  for (const char* stage : {"queued", "running"}) {
    EXPECT_EQ(MetricValue(text, "actbench_rpc_cancelled_work_total{stage=\"" + std::string(stage) + "\"}"), 0) << stage;
  }
  EXPECT_EQ(MetricValue(text, "actbench_metric_series_dropped_total"), 0);
}

TEST(MetricsTest, CallsAreCountedByCodeAndTimed) {
  Metrics metrics;
  Metrics::RpcMethod* const method = metrics.RegisterRpcMethod("a.B", "C", "bidi_stream");
  for (int i = 0; i < 4; ++i) metrics.RpcStarted(method);
  metrics.RpcHandled(method, 0, absl::Microseconds(250));
  metrics.RpcHandled(method, 6, absl::Microseconds(251));
  metrics.RpcHandled(method, 99, absl::Seconds(20));
  metrics.RpcMessageReceived(method);
  metrics.RpcMessageReceived(method);
  metrics.RpcMessageSent(method);
  const std::string text = metrics.Text();
  const std::string labels = R"(grpc_method="C",grpc_service="a.B",grpc_type="bidi_stream")";
  EXPECT_EQ(MetricValue(text, "grpc_server_started_total{" + labels + "}"), 4);
  EXPECT_EQ(MetricValue(text, "grpc_server_handled_total{grpc_code=\"OK\"," + labels + "}"), 1);
  EXPECT_EQ(MetricValue(text, "grpc_server_handled_total{grpc_code=\"AlreadyExists\"," + labels + "}"), 1);
  EXPECT_EQ(MetricValue(text, "grpc_server_handled_total{grpc_code=\"Unknown\"," + labels + "}"), 1);
  EXPECT_EQ(MetricValue(text, "grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.00025\"}"), 1);
  EXPECT_EQ(MetricValue(text, "grpc_server_handling_seconds_bucket{" + labels + ",le=\"0.0005\"}"), 2);
  EXPECT_EQ(MetricValue(text, "grpc_server_handling_seconds_bucket{" + labels + ",le=\"10\"}"), 2);
  EXPECT_EQ(MetricValue(text, "grpc_server_handling_seconds_bucket{" + labels + ",le=\"+Inf\"}"), 3);
  EXPECT_NEAR(MetricValue(text, "grpc_server_handling_seconds_sum{" + labels + "}"), 20.000501, 1e-9);
  EXPECT_EQ(MetricValue(text, "grpc_server_msg_received_total{" + labels + "}"), 2);
  EXPECT_EQ(MetricValue(text, "grpc_server_msg_sent_total{" + labels + "}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_inflight{method=\"C\"}"), 1);
}

TEST(MetricsTest, MessageSizesAndRejectionsAreOnlyOfRegisteredMethodsOfOurs) {
  Metrics metrics;
  metrics.RegisterRpcMethod("actbench.v1.EvaluationService", "Evaluate", "unary");
  metrics.RegisterRpcMethod("grpc.health.v1.Health", "Check", "unary");
  metrics.ObserveMessageBytes("Evaluate", 256, 257);
  for (const char* other : {"Check", "from a request", ""}) {
    metrics.ObserveMessageBytes(other, 1, 1);
    metrics.Rejected(other, Rejection::kInvalid);
  }
  metrics.Rejected("Evaluate", Rejection::kQueueFull);
  metrics.Rejected("Evaluate", Rejection::kUnsupported);
  metrics.Rejected("Evaluate", Rejection::kUnsupported);
  metrics.CancelledWork(WorkStage::kRunning);
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, "actbench_rpc_request_bytes_bucket{method=\"Evaluate\",le=\"256\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_response_bytes_bucket{method=\"Evaluate\",le=\"256\"}"), 0);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_response_bytes_bucket{method=\"Evaluate\",le=\"1024\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_response_bytes_sum{method=\"Evaluate\"}"), 257);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"queue_full\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_rejected_total{method=\"Evaluate\",reason=\"unsupported\"}"), 2);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_cancelled_work_total{stage=\"queued\"}"), 0);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_cancelled_work_total{stage=\"running\"}"), 1);
  EXPECT_EQ(text.find("from a request"), std::string::npos);
  EXPECT_EQ(text.find("bytes_count{method=\"Check\"}"), std::string::npos);
}

TEST(MetricsTest, AKernelHasSeriesOnceItHasRun) {
  Metrics metrics;
  EXPECT_EQ(metrics.Text().find("activation="), std::string::npos);
  metrics.KernelRan(MakeKernel("sigmoid"), absl::Nanoseconds(400), 100, 800);
  // Another object with the same labels is the same kernel.
  metrics.KernelRan(MakeKernel("sigmoid"), absl::Nanoseconds(401), 28, 224);
  metrics.KernelRan(MakeKernel("sigmoid", Dtype::kBF16), absl::Seconds(1), 1, 4);
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, KernelSeriesName("actbench_kernel_elements_total", "sigmoid")), 128);
  EXPECT_EQ(MetricValue(text, KernelSeriesName("actbench_kernel_bytes_total", "sigmoid")), 1024);
  EXPECT_EQ(MetricValue(text, "actbench_batch_size_elements_bucket{activation=\"sigmoid\",le=\"10\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_batch_size_elements_sum{activation=\"sigmoid\"}"), 129);
  EXPECT_EQ(MetricValue(text, KernelSeriesName("actbench_kernel_duration_seconds_count", "sigmoid")), 2);
  EXPECT_NEAR(MetricValue(text, KernelSeriesName("actbench_kernel_duration_seconds_sum", "sigmoid")), 801e-9, 1e-15);
  std::string bucket = KernelSeriesName("actbench_kernel_duration_seconds_bucket", "sigmoid");
  bucket.pop_back();
  EXPECT_EQ(MetricValue(text, bucket + ",le=\"1e-07\"}"), 0);
  EXPECT_EQ(MetricValue(text, bucket + ",le=\"4e-07\"}"), 1);
  EXPECT_EQ(MetricValue(text, bucket + ",le=\"1.6e-06\"}"), 2);
  EXPECT_EQ(MetricValue(text, bucket + ",le=\"6.7108864\"}"), 2);
}

TEST(MetricsTest, OnlySoManyKernelsHaveSeriesAndTheRestIsCounted) {
  Metrics metrics;
  constexpr size_t kKernels = Metrics::kMaxKernelSeries + 44;
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < kKernels; ++i)
      metrics.KernelRan(MakeKernel("f" + std::to_string(i)), absl::Seconds(1), 1, 8);
  }
  size_t series = 0;
  const std::string text = metrics.Text();
  for (const std::string& line : Lines(text)) series += line.starts_with("actbench_kernel_elements_total{");
  EXPECT_EQ(series, Metrics::kMaxKernelSeries);
  EXPECT_EQ(MetricValue(text, KernelSeriesName("actbench_kernel_elements_total", "f255")), 2);
  EXPECT_EQ(MetricValue(text, "actbench_metric_series_dropped_total"), 88);
}

TEST(MetricsTest, GaugesAreReadFromTheirSourceAtEachScrape) {
  Metrics metrics;
  EXPECT_EQ(MetricValue(metrics.Text(), "actbench_queue_capacity{class=\"long\"}"), 0);
  const FixedGauges gauges;
  metrics.SetGaugeSource(&gauges);
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, "actbench_queue_depth{class=\"interactive\"}"), 0);
  EXPECT_EQ(MetricValue(text, "actbench_queue_depth{class=\"long\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_queue_capacity{class=\"background\"}"), 2);
  EXPECT_EQ(MetricValue(text, "actbench_inflight_bytes"), 1099511627776);
  EXPECT_EQ(MetricValue(text, "actbench_inflight_bytes_limit"), 4);
  EXPECT_EQ(MetricValue(text, "actbench_worker_threads"), 5);
  EXPECT_EQ(MetricValue(text, "actbench_worker_threads_busy"), 6);
  EXPECT_EQ(MetricValue(text, "actbench_ready"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_draining"), 0);
  EXPECT_EQ(MetricValue(text, "actbench_state_unsaved"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_gpu_lost{device=\"cuda:0\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_gpu_held_bytes{device=\"cuda:0\",memory=\"pinned\"}"), 7);
  EXPECT_EQ(MetricValue(text, "actbench_gpu_power_watts{device=\"cuda:0\"}"), 300);
  metrics.SetGaugeSource(nullptr);
  EXPECT_EQ(MetricValue(metrics.Text(), "actbench_ready"), 0);
}

TEST(MetricsTest, QueueWaitAndWorkerTimeAddUp) {
  Metrics metrics;
  metrics.ObserveQueueWait(JobClass::kInteractive, absl::Microseconds(1));
  metrics.ObserveQueueWait(JobClass::kInteractive, absl::Seconds(100));
  metrics.WorkerBusy(absl::Milliseconds(750));
  metrics.WorkerBusy(absl::Milliseconds(500));
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, "actbench_queue_wait_seconds_bucket{class=\"interactive\",le=\"1.6e-06\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_queue_wait_seconds_bucket{class=\"interactive\",le=\"6.7108864\"}"), 1);
  EXPECT_EQ(MetricValue(text, "actbench_queue_wait_seconds_bucket{class=\"interactive\",le=\"1717.9869184\"}"), 2);
  EXPECT_EQ(MetricValue(text, "actbench_queue_wait_seconds_count{class=\"interactive\"}"), 2);
  EXPECT_EQ(MetricValue(text, "actbench_worker_busy_seconds_total"), 1.25);
}

TEST(MetricsTest, InfoMetricsDescribeTheBuildAndTheProcessor) {
  const BuildInfo& build = GetBuildInfo();
  EXPECT_FALSE(build.version.empty());
  EXPECT_FALSE(build.compiler.empty());
  EXPECT_TRUE(build.grpc_version.starts_with("1."));
  EXPECT_FALSE(build.protobuf_version.empty());
  const std::string text = Metrics("avx512").Text();
  EXPECT_EQ(MetricValue(text, "actbench_build_info{compiler=\"" + build.compiler + "\",grpc_version=\"" +
                                  build.grpc_version + "\",protobuf_version=\"" + build.protobuf_version +
                                  "\",revision=\"" + build.revision + "\",version=\"" + build.version + "\"}"),
            1);
  EXPECT_EQ(MetricValue(text, "actbench_cpu_features_info{isa_max=\"avx512\",model=\"" + CpuModel() + "\"}"), 1);
}

TEST(MetricsTest, NothingIsLostWhileThreadsObserveAndOthersScrape) {
  Metrics metrics;
  Metrics::RpcMethod* const method = metrics.RegisterRpcMethod("actbench.v1.EvaluationService", "Evaluate", "unary");
  constexpr int kThreads = 4;
  constexpr int kTimes = 20000;
  std::vector<std::thread> threads;
  std::atomic<int> running = kThreads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTimes; ++n) {
        metrics.RpcStarted(method);
        metrics.KernelRan(MakeKernel("f" + std::to_string(n % 16)), absl::Microseconds(1), 2, 3);
        metrics.RpcHandled(method, n % 17, absl::Microseconds(1));
        metrics.WorkerBusy(absl::Seconds(1));
      }
      --running;
    });
  }
  do {
    const std::string text = metrics.Text();
    // A histogram never contradicts itself.
    const std::string labels =
        R"(grpc_method="Evaluate",grpc_service="actbench.v1.EvaluationService",grpc_type="unary")";
    EXPECT_EQ(MetricValue(text, "grpc_server_handling_seconds_bucket{" + labels + ",le=\"+Inf\"}"),
              MetricValue(text, "grpc_server_handling_seconds_count{" + labels + "}"));
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Text();
  double handled = 0;
  double elements = 0;
  for (const std::string& line : Lines(text)) {
    const double value = std::strtod(line.c_str() + line.rfind(' ') + 1, nullptr);
    if (line.starts_with("grpc_server_handled_total{")) handled += value;
    if (line.starts_with("actbench_kernel_elements_total{")) elements += value;
  }
  EXPECT_EQ(handled, kThreads * kTimes);
  EXPECT_EQ(elements, 2 * kThreads * kTimes);
  EXPECT_EQ(MetricValue(text, "actbench_worker_busy_seconds_total"), kThreads * kTimes);
  EXPECT_EQ(MetricValue(text, "actbench_rpc_inflight{method=\"Evaluate\"}"), 0);
}

TEST(MetricsTest, PromtoolFindsNothingToSay) {
  if (std::system("command -v promtool > /dev/null") != 0) GTEST_SKIP() << "promtool (package prometheus) is not here";
  Metrics metrics("avx2");
  Exercise(metrics);
  FILE* const promtool = popen("promtool check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = metrics.Text();
  EXPECT_EQ(fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(pclose(promtool), 0);
}

}  // namespace
}  // namespace actbench
