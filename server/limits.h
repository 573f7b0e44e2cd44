// SPDX-License-Identifier: Apache-2.0
// The limits of a server, and the values that its numeric options may have.
#ifndef ACTBENCH_SERVER_LIMITS_H_
#define ACTBENCH_SERVER_LIMITS_H_

#include <cstdint>
#include <limits>

namespace actbench {

// What a request may ask for; served by GetServerInfo. Beyond these the answer is RESOURCE_EXHAUSTED with the limit.
struct Limits {
  int64_t message_size_bytes = int64_t{68} << 20;  // so that a 64 MiB tensor fits
  int64_t tensor_elements = int64_t{1} << 26;
  int32_t batch_items = 1024;
  int64_t measured_elements = int64_t{1} << 20;
  int32_t queue_length = 256;  // of each class of work
  int64_t inflight_bytes = int64_t{512} << 20;
  int64_t accuracy_samples = 100'000'000;
  int32_t benchmark_cases = 4096;
  int64_t benchmark_bytes = int64_t{4} << 30;  // of the buffers of a case
  int64_t benchmark_seconds = 7200;            // that a run takes, as planned
};

// A numeric option: its flag and the values it may have. Server::Start refuses others, and so do the flags.
struct OptionRange {
  const char* flag;  // without the dashes
  int64_t min;
  int64_t max;
};
inline constexpr int64_t kMaxSize = int64_t{1} << 46;  // leaves room for sums and products
inline constexpr int64_t kMaxCount = std::numeric_limits<int32_t>::max();
inline constexpr OptionRange kThreadsRange = {"threads", 0, 4096};
inline constexpr OptionRange kMessageSizeRange = {"max_message_bytes", 4096, kMaxCount};
inline constexpr OptionRange kTensorElementsRange = {"max_tensor_elements", 1, kMaxSize};
inline constexpr OptionRange kBatchItemsRange = {"max_batch_items", 1, kMaxCount};
inline constexpr OptionRange kQueueLengthRange = {"max_queue_length", 1, kMaxCount};
inline constexpr OptionRange kInflightBytesRange = {"max_inflight_bytes", 16384, kMaxSize};
inline constexpr OptionRange kAccuracySamplesRange = {"max_accuracy_samples", 1, kMaxSize};
inline constexpr OptionRange kBenchmarkCasesRange = {"max_benchmark_cases", 1, kMaxCount};
inline constexpr OptionRange kBenchmarkBytesRange = {"max_benchmark_bytes", 4096, kMaxSize};
inline constexpr OptionRange kBenchmarkSecondsRange = {"max_benchmark_seconds", 1, kMaxCount};
inline constexpr OptionRange kRunsRange = {"max_runs", 1, kMaxCount};
inline constexpr OptionRange kGpuMemoryRange = {"gpu_memory_bytes", 0, kMaxSize};
inline constexpr OptionRange kGpuPinnedRange = {"gpu_pinned_bytes", 0, kMaxSize};
inline constexpr OptionRange kMemoryQuotaRange = {"memory_quota", int64_t{1} << 20, kMaxSize};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_LIMITS_H_
