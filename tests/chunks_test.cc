// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/chunks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "kernels/cuda/launch.h"

namespace actbench::cuda {
namespace {

constexpr ElementShape kUnary = {.input_count = 1, .output_count = 1, .element_bytes = 4};
constexpr ElementShape kGatedGradient = {.input_count = 3, .output_count = 2, .element_bytes = 2};

// Every element is in one piece, pieces of a chunk do not overlap, and nothing is larger than it may be.
void ExpectSound(const std::vector<size_t>& elements, const ElementShape& shape, size_t chunk_bytes) {
  std::vector<size_t> next(elements.size(), 0);
  for (const Chunk& chunk : CutIntoChunks(elements, shape, chunk_bytes)) {
    EXPECT_FALSE(chunk.pieces.empty());
    EXPECT_LE(chunk.pieces.size(), kMaxTensors);
    EXPECT_LE(chunk.bytes(), chunk_bytes);
    std::vector<std::pair<size_t, size_t>> inputs;  // where buffers begin and end
    std::vector<std::pair<size_t, size_t>> outputs;
    for (const ChunkPiece& piece : chunk.pieces) {
      EXPECT_EQ(piece.begin, next[piece.tensor]) << "elements are left out or come twice";
      EXPECT_GT(piece.elements, 0u);
      next[piece.tensor] += piece.elements;
      const size_t bytes = piece.elements * shape.element_bytes;
      for (size_t i = 0; i < shape.input_count; ++i) {
        inputs.emplace_back(piece.input_offsets[i], piece.input_offsets[i] + bytes);
      }
      for (size_t i = 0; i < shape.output_count; ++i) {
        outputs.emplace_back(piece.output_offsets[i], piece.output_offsets[i] + bytes);
      }
    }
    for (const auto& [begin, end] : inputs) EXPECT_LE(end, chunk.input_bytes);
    for (const auto& [begin, end] : outputs) EXPECT_LE(end, chunk.bytes());
    inputs.insert(inputs.end(), outputs.begin(), outputs.end());
    std::sort(inputs.begin(), inputs.end());
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_EQ(inputs[i].first % kBufferAlignment, 0u);
      if (i == 0) continue;
      EXPECT_GE(inputs[i].first, inputs[i - 1].second) << "buffers overlap";
    }
  }
  EXPECT_EQ(next, elements);
}

TEST(ChunksTest, EveryElementIsInOnePiece) {
  for (const ElementShape& shape : {kUnary, kGatedGradient}) {
    for (const size_t chunk_bytes : {kLeastChunkBytes, size_t{1} << 20}) {
      ExpectSound({}, shape, chunk_bytes);
      ExpectSound({0}, shape, chunk_bytes);
      ExpectSound({1}, shape, chunk_bytes);
      ExpectSound({1'000'003}, shape, chunk_bytes);
      ExpectSound({5, 0, 1'000'003, 7, 0, 8191, 8192, 8193}, shape, chunk_bytes);
      ExpectSound(std::vector<size_t>(500, 3), shape, chunk_bytes);
    }
  }
}

TEST(ChunksTest, SmallTensorsShareAChunk) {
  const std::vector<Chunk> chunks = CutIntoChunks(std::vector<size_t>{100, 200, 300}, kUnary, kLeastChunkBytes);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].pieces.size(), 3u);
}

TEST(ChunksTest, NoMoreTensorsShareALaunchThanItTakes) {
  const std::vector<Chunk> chunks = CutIntoChunks(std::vector<size_t>(kMaxTensors + 1, 1), kUnary, size_t{1} << 20);
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[1].pieces.size(), 1u);
}

TEST(ChunksTest, LargeTensorsFillTheirChunks) {
  const size_t chunk_bytes = size_t{1} << 20;
  const std::vector<Chunk> chunks = CutIntoChunks(std::vector<size_t>{10 * chunk_bytes / 8}, kUnary, chunk_bytes);
  EXPECT_EQ(chunks.size(), 10u);
  for (const Chunk& chunk : chunks) EXPECT_EQ(chunk.bytes(), chunk_bytes);
}

}  // namespace
}  // namespace actbench::cuda
