// SPDX-License-Identifier: Apache-2.0
// What actbench-worker and who starts it say to each other: a line of JSON each, first a WorkerTask and the bytes of
// its given inputs, one after the other, which the worker answers when it is ready; then, as often as is asked, a
// request and its answer. A closed connection ends the worker. Tested by worker_messages_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_WORKER_MESSAGES_H_
#define ACTBENCH_KERNELS_MEASURE_WORKER_MESSAGES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/catalog.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/case_runner.h"
#include "kernels/plugins.h"

namespace actbench {

struct WorkerTask {
  BenchmarkCase benchmark;
  uint64_t layout_seed = 0;
  std::vector<int> cpus;       // one for each thread
  LoadedPlugins plugins = {};  // which the kernels may be of
};

// Without the given inputs. From a worker of the same build, so what cannot be read is INTERNAL.
std::string ToLine(const WorkerTask& task);
absl::StatusOr<LoadedPlugins> PluginsOf(const std::string& line);
// Whether a kernel of the task is not on the CPU.
absl::StatusOr<bool> NeedsGpu(const std::string& line);
absl::StatusOr<WorkerTask> TaskFromLine(const std::string& line, const Catalog& catalog);
// How many given inputs of elements * element_bytes() follow the line.
absl::StatusOr<size_t> GivenInputsOf(const std::string& line);

// Times for `run`, or else measures the error at `error_samples` inputs.
struct WorkerRequest {
  std::chrono::nanoseconds run{0};
  uint64_t error_samples = 0;
};
std::string ToLine(const WorkerRequest& request);
absl::StatusOr<WorkerRequest> RequestFromLine(const std::string& line);

// The answers. Instead of each there may be an error, which the second function then returns.
std::string ReadyLine();
absl::Status ReadyFromLine(const std::string& line);
std::string ToLine(const Slice& slice);
absl::StatusOr<Slice> SliceFromLine(const std::string& line);
std::string ToLine(const SampledError& error);
// Comes before a SampledError any number of times: the worker is at it, and does not hang.
std::string BusyLine();
// Nothing if the worker is still at it.
absl::StatusOr<std::optional<SampledError>> ErrorFromLine(const std::string& line);
std::string ToLine(const absl::Status& status);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_WORKER_MESSAGES_H_
