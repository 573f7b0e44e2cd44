// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_backend.h"

#include <gtest/gtest.h>

namespace actbench::cuda {
namespace {

TEST(DeviceBackendTest, ServesWhereAChunkFitsInBothMemories) {
  constexpr int64_t kChunk = int64_t{4} << 20;
  EXPECT_TRUE(HasRoom(GpuLimits{}));
  EXPECT_TRUE(HasRoom({.memory_bytes = kChunk, .pinned_bytes = kChunk}));
  EXPECT_FALSE(HasRoom({.memory_bytes = kChunk - 1, .pinned_bytes = kChunk}));
  EXPECT_FALSE(HasRoom({.memory_bytes = kChunk, .pinned_bytes = 0}));
}

}  // namespace
}  // namespace actbench::cuda
