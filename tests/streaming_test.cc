// SPDX-License-Identifier: Apache-2.0
#include "kernels/streaming.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace actbench {
namespace {

class StreamingTest : public testing::Test {
 protected:
  void TearDown() override { SetStreamingBytes(usual_); }

  std::optional<size_t> Start(size_t x, size_t y, size_t elements, size_t element_bytes = 4, size_t step = 32) const {
    const std::array<const char*, 1> inputs = {&memory_[x]};
    const std::array<char*, 1> outputs = {&memory_[y]};
    return StreamingStart(inputs, outputs, {.elements = elements, .element_bytes = element_bytes, .step = step});
  }
  std::optional<size_t> StartOfTwo(size_t y0, size_t y1) const {
    const std::array<const char*, 1> inputs = {&memory_[0]};
    const std::array<char*, 2> outputs = {&memory_[y0], &memory_[y1]};
    return StreamingStart(inputs, outputs, {.elements = 16, .element_bytes = 4, .step = 32});
  }

 private:
  const size_t usual_ = StreamingBytes();
  alignas(64) mutable std::array<char, 512> memory_ = {};
};

TEST_F(StreamingTest, BeginsAtTheFirstStep) {
  EXPECT_EQ(Start(0, 256, 16), 0U);
  EXPECT_EQ(Start(0, 256 + 4, 16), 7U);
  EXPECT_EQ(Start(4, 256 + 28, 16), 1U);
  EXPECT_EQ(Start(0, 256 + 2, 64, 2), 15U);
}

TEST_F(StreamingTest, LeavesSmallOutputs) {
  SetStreamingBytes(64);
  EXPECT_FALSE(Streams(0));
  EXPECT_FALSE(Streams(63));
  EXPECT_TRUE(Streams(64));
  SetStreamingBytes(0);
  EXPECT_TRUE(Streams(0));
}

TEST_F(StreamingTest, LeavesWhatEndsBeforeTheFirstStep) {
  EXPECT_EQ(Start(0, 256, 0), 0U);
  EXPECT_EQ(Start(0, 256 + 4, 6), std::nullopt);
  EXPECT_EQ(Start(0, 256 + 4, 7), 7U);
}

TEST_F(StreamingTest, LeavesWhatIsInPlaceOrLiesAskew) {
  EXPECT_EQ(Start(64, 64, 16), std::nullopt);
  EXPECT_EQ(Start(0, 256 + 2, 16), std::nullopt);  // no element begins a step
  EXPECT_EQ(StartOfTwo(0, 256), std::nullopt);
  EXPECT_EQ(StartOfTwo(128 + 4, 256 + 4), 7U);
  EXPECT_EQ(StartOfTwo(128 + 4, 256 + 8), std::nullopt);
}

// As it was before a test set another.
TEST_F(StreamingTest, AQuarterOfTheLastLevelCacheIsUsual) {
  TearDown();
  EXPECT_GE(StreamingBytes(), size_t{1} << 18);
  EXPECT_LE(StreamingBytes(), size_t{1} << 30);
}

}  // namespace
}  // namespace actbench
