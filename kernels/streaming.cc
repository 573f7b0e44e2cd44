// SPDX-License-Identifier: Apache-2.0
#include "kernels/streaming.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>

#include "hwy/cache_control.h"

namespace actbench {
namespace {

// In bytes, of the processor that the process began on; 32 MiB if the system does not tell.
size_t LastLevelCache() {
  constexpr size_t kUsual = size_t{32} << 20;
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  size_t kibibytes = 0;
  char unit = 0;
  return file >> kibibytes >> unit && unit == 'K' && kibibytes > 0 ? kibibytes << 10 : kUsual;
}

std::atomic<size_t>& Bytes() {
  static std::atomic<size_t> bytes(LastLevelCache() / 4);
  return bytes;
}

}  // namespace

size_t StreamingBytes() { return Bytes().load(std::memory_order_relaxed); }

void SetStreamingBytes(size_t bytes) { Bytes().store(bytes, std::memory_order_relaxed); }

std::optional<size_t> StreamingStart(absl::Span<const char* const> inputs, absl::Span<char* const> outputs,
                                     const StreamingShape& shape) {
  const size_t missing = -reinterpret_cast<uintptr_t>(outputs[0]) % shape.step;
  if (missing % shape.element_bytes != 0 || missing / shape.element_bytes > shape.elements) return std::nullopt;
  for (const char* output : outputs) {
    if (std::find(inputs.begin(), inputs.end(), output) != inputs.end()) return std::nullopt;
    if ((reinterpret_cast<uintptr_t>(output) + missing) % shape.step != 0) return std::nullopt;
  }
  return missing / shape.element_bytes;
}

void EndStreaming() { hwy::FlushStream(); }

}  // namespace actbench
