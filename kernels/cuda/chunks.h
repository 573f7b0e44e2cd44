// SPDX-License-Identifier: Apache-2.0
// How tensors are cut, and packed, into chunks that go to a device one at a time: large ones in many chunks, so that
// copies overlap with computing, small ones together, so that they share copies and launches. Tested by chunks_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_CHUNKS_H_
#define ACTBENCH_KERNELS_CUDA_CHUNKS_H_

#include <array>
#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace actbench::cuda {

// What an element of a kernel takes.
struct ElementShape {
  size_t input_count;
  size_t output_count;
  size_t element_bytes;

  size_t bytes() const { return (input_count + output_count) * element_bytes; }
};

// Elements [begin, begin + elements) of a tensor, and where its buffers lie in the chunk's memory.
struct ChunkPiece {
  size_t tensor;
  size_t begin;
  size_t elements;
  std::array<size_t, 3> input_offsets;
  std::array<size_t, 2> output_offsets;
};

// All inputs lie together, then all outputs, so that each are one copy.
struct Chunk {
  std::vector<ChunkPiece> pieces;
  size_t input_bytes = 0;
  size_t output_bytes = 0;

  size_t bytes() const { return input_bytes + output_bytes; }
};

// Each buffer begins at a multiple of this: a line of the second-level cache, twice over.
inline constexpr size_t kBufferAlignment = 256;

// Chunks of at most `chunk_bytes`, which is at least kLeastChunkBytes, and of at most kMaxTensors pieces. `elements`
// are those of each tensor; a tensor without any is in no chunk.
std::vector<Chunk> CutIntoChunks(absl::Span<const size_t> elements, const ElementShape& shape, size_t chunk_bytes);

inline constexpr size_t kLeastChunkBytes = size_t{64} << 10;

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CHUNKS_H_
