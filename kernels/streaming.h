// SPDX-License-Identifier: Apache-2.0
// Stores past the caches ("non-temporal"): an output larger than the caches does not push out what lies in them, and
// its old contents are not read first. What reads the output next finds it in memory alone, so only large outputs are
// written so, and none in place, whose lines are in the caches already.
#ifndef ACTBENCH_KERNELS_STREAMING_H_
#define ACTBENCH_KERNELS_STREAMING_H_

#include <cstddef>
#include <optional>

#include "absl/types/span.h"

namespace actbench {

// Kernels of ours write outputs of at least this many bytes in one call past the caches: a quarter of the last-level
// cache, which docs/performance.md has the measurement of, unless the process says otherwise.
size_t StreamingBytes();
void SetStreamingBytes(size_t bytes);

inline bool Streams(size_t output_bytes) { return output_bytes >= StreamingBytes(); }

// Elements and what vectors of them take.
struct StreamingShape {
  size_t elements;
  size_t element_bytes;
  size_t step;  // bytes, a power of two: what is stored at a time, at a multiple of it
};

// How many elements come before the first that can be stored past the caches. None if an output is in place, or they do
// not lie so that one element begins a step in all of them.
std::optional<size_t> StreamingStart(absl::Span<const char* const> inputs, absl::Span<char* const> outputs,
                                     const StreamingShape& shape);

// After the stores, before another thread may be told that they are done.
void EndStreaming();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_STREAMING_H_
