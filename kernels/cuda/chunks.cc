// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/chunks.h"

#include <algorithm>

#include "kernels/cuda/launch.h"

namespace actbench::cuda {
namespace {

size_t Aligned(size_t bytes) { return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment; }

// What the buffers of a piece take.
size_t BytesOf(size_t elements, const ElementShape& shape) {
  return Aligned(elements * shape.element_bytes) * (shape.input_count + shape.output_count);
}

// The most elements whose buffers take `bytes`, a multiple of what lies in one alignment.
size_t MostElements(size_t bytes, const ElementShape& shape) {
  const size_t of_each = bytes / (shape.input_count + shape.output_count) / kBufferAlignment * kBufferAlignment;
  return of_each / shape.element_bytes;
}

// Gives the pieces their places.
void Place(const ElementShape& shape, Chunk& chunk) {
  size_t offset = 0;
  for (ChunkPiece& piece : chunk.pieces) {
    for (size_t i = 0; i < shape.input_count; ++i) {
      piece.input_offsets[i] = offset;
      offset += Aligned(piece.elements * shape.element_bytes);
    }
  }
  chunk.input_bytes = offset;
  for (ChunkPiece& piece : chunk.pieces) {
    for (size_t i = 0; i < shape.output_count; ++i) {
      piece.output_offsets[i] = offset;
      offset += Aligned(piece.elements * shape.element_bytes);
    }
  }
  chunk.output_bytes = offset - chunk.input_bytes;
}

}  // namespace

std::vector<Chunk> CutIntoChunks(absl::Span<const size_t> elements, const ElementShape& shape, size_t chunk_bytes) {
  std::vector<Chunk> chunks;
  const size_t most = MostElements(chunk_bytes, shape);
  size_t room = 0;
  for (size_t tensor = 0; tensor < elements.size(); ++tensor) {
    for (size_t begin = 0; begin < elements[tensor];) {
      const size_t count = std::min(most, elements[tensor] - begin);
      const size_t bytes = BytesOf(count, shape);
      if (bytes > room || chunks.back().pieces.size() == kMaxTensors) {
        chunks.emplace_back();
        room = chunk_bytes;
      }
      chunks.back().pieces.push_back(
          {.tensor = tensor, .begin = begin, .elements = count, .input_offsets = {}, .output_offsets = {}});
      room -= bytes;
      begin += count;
    }
  }
  for (Chunk& chunk : chunks) Place(shape, chunk);
  return chunks;
}

}  // namespace actbench::cuda
