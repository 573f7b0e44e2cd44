// SPDX-License-Identifier: Apache-2.0
// The table of metrics. Only for metrics.cc.
#ifndef ACTBENCH_SERVER_METRICS_TABLE_H_
#define ACTBENCH_SERVER_METRICS_TABLE_H_

#include <array>
#include <string_view>

#include "server/metrics.h"

namespace actbench::metrics_table {

inline constexpr std::array<std::string_view, 0> kNone = {};
inline constexpr std::array<std::string_view, 3> kRpc = {"grpc_type", "grpc_service", "grpc_method"};
inline constexpr std::array<std::string_view, 4> kRpcCode = {"grpc_type", "grpc_service", "grpc_method", "grpc_code"};
inline constexpr std::array<std::string_view, 1> kMethod = {"method"};
inline constexpr std::array<std::string_view, 2> kMethodReason = {"method", "reason"};
inline constexpr std::array<std::string_view, 1> kStage = {"stage"};
inline constexpr std::array<std::string_view, 1> kClass = {"class"};
inline constexpr std::array<std::string_view, 1> kActivation = {"activation"};
inline constexpr std::array<std::string_view, 7> kKernel = {"activation", "direction", "dtype", "provider",
                                                            "tier",       "device",    "isa"};
inline constexpr std::array<std::string_view, 8> kKernelSource = {"activation", "direction", "dtype", "provider",
                                                                  "tier",       "device",    "isa",   "source"};
inline constexpr std::array<std::string_view, 9> kKernelSourceKind = {
    "activation", "direction", "dtype", "provider", "tier", "device", "isa", "source", "kind"};
inline constexpr std::array<std::string_view, 8> kKernelSet = {"activation", "direction", "dtype", "provider",
                                                               "tier",       "device",    "isa",   "working_set"};
inline constexpr std::array<std::string_view, 1> kOutcome = {"outcome"};
inline constexpr std::array<std::string_view, 1> kVerdict = {"verdict"};
inline constexpr std::array<std::string_view, 1> kReason = {"reason"};
inline constexpr std::array<std::string_view, 1> kLevel = {"level"};
inline constexpr std::array<std::string_view, 5> kBuild = {"version", "revision", "compiler", "grpc_version",
                                                           "protobuf_version"};
inline constexpr std::array<std::string_view, 1> kDevice = {"device"};
inline constexpr std::array<std::string_view, 2> kDeviceMemory = {"device", "memory"};
inline constexpr std::array<std::string_view, 5> kGpu = {"device", "model", "isa", "driver", "uuid"};
inline constexpr std::array<std::string_view, 2> kCpu = {"model", "isa_max"};

inline constexpr std::array<double, 0> kNoBuckets = {};
// Prometheus' default buckets, and finer ones below.
inline constexpr std::array kRpcSeconds = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                           0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
template <size_t kCount>
constexpr std::array<double, kCount> PowersOf4From(double first) {
  std::array<double, kCount> powers = {};
  for (double& power : powers) {
    power = first;
    first *= 4;
  }
  return powers;
}
// A quantile is known to a factor of 4 at least. To 6.7 s, and to half an hour for work that waits for other work.
inline constexpr std::array kWorkSeconds = PowersOf4From<14>(1e-7);
inline constexpr std::array kWaitSeconds = PowersOf4From<18>(1e-7);
// To 64 MiB.
inline constexpr std::array kMessageBytes = PowersOf4From<10>(256);

// From 1 to 10^8, two to a decade.
inline constexpr std::array kElements = {1e0, 4e0, 1e1, 4e1, 1e2, 4e2, 1e3, 4e3, 1e4,
                                         4e4, 1e5, 4e5, 1e6, 4e6, 1e7, 4e7, 1e8};

// Correctly rounded, nearly so (0.501), and what a tier allows.
inline constexpr std::array kUlp = {0.5, 0.501, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 64.0, 1024.0};

// The only list of metrics. docs/metrics.md says more about each, and a test holds the two together.
inline constexpr auto kTable = std::to_array<MetricInfo>({
    {"grpc_server_started_total", "counter", "Calls started.", kRpc, kNoBuckets},
    {"grpc_server_handled_total", "counter", "Calls ended, by status code.", kRpcCode, kNoBuckets},
    {"grpc_server_handling_seconds", "histogram", "Time from the start of a call to its status.", kRpc, kRpcSeconds},
    {"grpc_server_msg_received_total", "counter", "Messages received.", kRpc, kNoBuckets},
    {"grpc_server_msg_sent_total", "counter", "Messages sent.", kRpc, kNoBuckets},
    {"actbench_rpc_request_bytes", "histogram", "Serialized size of the requests that were answered.", kMethod,
     kMessageBytes},
    {"actbench_rpc_response_bytes", "histogram", "Serialized size of the responses.", kMethod, kMessageBytes},
    {"actbench_rpc_inflight", "gauge", "Calls started whose status is not decided yet.", kMethod, kNoBuckets},
    {"actbench_rpc_rejected_total", "counter", "Requests and items refused, by reason.", kMethodReason, kNoBuckets},
    {"actbench_rpc_cancelled_work_total", "counter", "Requests stopped before they were finished, by where they were.",
     kStage, kNoBuckets},
    {"actbench_kernel_duration_seconds", "histogram",
     "Time inside the kernel for one item, summed over the threads that worked on it.", kKernel, kWorkSeconds},
    {"actbench_batch_size_elements", "histogram", "Elements of an item.", kActivation, kElements},
    {"actbench_kernel_elements_total", "counter", "Elements computed.", kKernel, kNoBuckets},
    {"actbench_kernel_bytes_total", "counter", "Bytes of inputs and outputs computed.", kKernel, kNoBuckets},
    {"actbench_metric_series_dropped_total", "counter",
     "Kernel runs and checks not recorded because as many kernels as allowed have series already.", kNone, kNoBuckets},
    {"actbench_accuracy_max_ulp", "gauge", "The largest error, of the last certificate or of all samples.",
     kKernelSource, kNoBuckets},
    {"actbench_accuracy_mean_ulp", "gauge", "The mean of the finite errors, likewise.", kKernelSource, kNoBuckets},
    {"actbench_accuracy_ulp_limit", "gauge", "The largest error that the kernel claims.", kKernel, kNoBuckets},
    {"actbench_accuracy_error_ulp", "histogram", "The finite errors of sampled elements.", kKernelSource, kUlp},
    {"actbench_accuracy_checked_elements_total", "counter", "Outputs compared with the correctly rounded result.",
     kKernelSource, kNoBuckets},
    {"actbench_accuracy_mismatched_elements_total", "counter", "Outputs that are not the correctly rounded result.",
     kKernelSource, kNoBuckets},
    {"actbench_accuracy_special_value_mismatches_total", "counter",
     "Outputs that are wrong about NaN, infinity, zero or the sign, by which.", kKernelSourceKind, kNoBuckets},
    {"actbench_accuracy_last_check_timestamp_seconds", "gauge", "When the last check ended, since the Unix epoch.",
     kKernelSource, kNoBuckets},
    {"actbench_accuracy_samples_dropped_total", "counter",
     "Sampled elements of answers not checked because too many were waiting.", kNone, kNoBuckets},
    {"actbench_bench_seconds_per_element", "gauge", "The median time of the last benchmark.", kKernelSet, kNoBuckets},
    {"actbench_bench_interval_ratio", "gauge",
     "The width of its 95 % interval, over it; NaN of one process, which has none.", kKernelSet, kNoBuckets},
    {"actbench_bench_runs_started_total", "counter", "Benchmark runs asked for, by requests without mistakes.", kNone,
     kNoBuckets},
    {"actbench_bench_runs_completed_total", "counter", "Benchmark runs that ended by themselves.", kNone, kNoBuckets},
    {"actbench_bench_last_success_timestamp_seconds", "gauge",
     "When the last benchmark run was completed, since the Unix epoch.", kNone, kNoBuckets},
    {"actbench_bench_cases_total", "counter", "Benchmark cases that ended, by how.", kOutcome, kNoBuckets},
    {"actbench_bench_verdicts_total", "counter", "Kernels compared in turns, by what was found.", kVerdict, kNoBuckets},
    {"actbench_bench_slices_discarded_total", "counter",
     "Slices of time that were measured again, by what disturbed them.", kReason, kNoBuckets},
    {"actbench_queue_depth", "gauge", "Requests waiting for a worker, or for one of two accuracy measurements to end.",
     kClass, kNoBuckets},
    {"actbench_queue_capacity", "gauge", "The most requests that may wait.", kClass, kNoBuckets},
    {"actbench_queue_wait_seconds", "histogram", "Time from the acceptance of a request to its first chunk.", kClass,
     kWaitSeconds},
    {"actbench_inflight_bytes", "gauge", "Memory of the requests in work and their results.", kNone, kNoBuckets},
    {"actbench_inflight_bytes_limit", "gauge", "The most memory that requests in work may take.", kNone, kNoBuckets},
    {"actbench_worker_threads", "gauge", "Worker threads.", kNone, kNoBuckets},
    {"actbench_worker_threads_busy", "gauge", "Worker threads that are running or finishing a chunk.", kNone,
     kNoBuckets},
    {"actbench_worker_busy_seconds_total", "counter", "Time that worker threads spent running and finishing chunks.",
     kNone, kNoBuckets},
    {"actbench_ready", "gauge", "1 if requests are accepted, else 0.", kNone, kNoBuckets},
    {"actbench_draining", "gauge", "1 if the server finishes accepted work before it stops, else 0.", kNone,
     kNoBuckets},
    {"actbench_state_unsaved", "gauge", "1 while new certificates or benchmark runs cannot be saved, else 0.", kNone,
     kNoBuckets},
    {"actbench_gpu_info", "gauge", "A GPU that kernels run on; always 1.", kGpu, kNoBuckets},
    {"actbench_gpu_lost", "gauge", "1 if the GPU failed, until the server is started anew, else 0.", kDevice,
     kNoBuckets},
    {"actbench_gpu_held_bytes", "gauge", "Memory that is held for work on the GPU.", kDeviceMemory, kNoBuckets},
    {"actbench_gpu_held_bytes_limit", "gauge", "The most memory that may be held for it.", kDeviceMemory, kNoBuckets},
    {"actbench_gpu_launches_total", "counter", "Launches of kernels, those in graphs included.", kDevice, kNoBuckets},
    {"actbench_gpu_graph_launches_total", "counter", "Launches of graphs.", kDevice, kNoBuckets},
    {"actbench_gpu_memory_bytes", "gauge", "Memory of the GPU.", kDevice, kNoBuckets},
    {"actbench_gpu_memory_used_bytes", "gauge", "Memory of the GPU that is taken, by whatever program.", kDevice,
     kNoBuckets},
    {"actbench_gpu_utilization_ratio", "gauge", "The part of the last second or so in which any kernel ran.", kDevice,
     kNoBuckets},
    {"actbench_gpu_clock_hertz", "gauge", "Clock of the GPU's processors.", kDevice, kNoBuckets},
    {"actbench_gpu_memory_clock_hertz", "gauge", "Clock of the GPU's memory.", kDevice, kNoBuckets},
    {"actbench_gpu_throttled", "gauge", "1 if heat or power keeps the clocks down, else 0.", kDevice, kNoBuckets},
    {"actbench_gpu_temperature_celsius", "gauge", "Temperature of the GPU.", kDevice, kNoBuckets},
    {"actbench_gpu_power_watts", "gauge", "Power that the GPU takes.", kDevice, kNoBuckets},
    {"actbench_log_messages_total", "counter", "Log messages written, by level.", kLevel, kNoBuckets},
    {"actbench_build_info", "gauge", "How the server was built; always 1.", kBuild, kNoBuckets},
    {"actbench_cpu_features_info", "gauge", "The processor and its widest instruction set with kernels; always 1.",
     kCpu, kNoBuckets},
    {"process_cpu_seconds_total", "counter", "User and system CPU time used.", kNone, kNoBuckets},
    {"process_open_fds", "gauge", "Open file descriptors.", kNone, kNoBuckets},
    {"process_max_fds", "gauge", "The most file descriptors that may be open.", kNone, kNoBuckets},
    {"process_virtual_memory_bytes", "gauge", "Virtual memory size.", kNone, kNoBuckets},
    {"process_virtual_memory_max_bytes", "gauge", "The most virtual memory there may be.", kNone, kNoBuckets},
    {"process_resident_memory_bytes", "gauge", "Resident memory size.", kNone, kNoBuckets},
    {"process_start_time_seconds", "gauge", "When the process was started, since the Unix epoch.", kNone, kNoBuckets},
    {"process_threads", "gauge", "Threads of the process.", kNone, kNoBuckets},
});

// The place of a metric in the table; a name that is not there, or of another type, does not compile.
consteval size_t Row(std::string_view name, std::string_view type) {
  for (size_t row = 0; row < kTable.size(); ++row) {
    if (kTable[row].name == name && kTable[row].type == type) return row;
  }
  throw "no such metric";
}

}  // namespace actbench::metrics_table

#endif  // ACTBENCH_SERVER_METRICS_TABLE_H_
