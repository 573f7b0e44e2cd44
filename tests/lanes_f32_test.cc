// SPDX-License-Identifier: Apache-2.0
// What the vocabulary does in f32 lanes beyond arithmetic, on every implementation: the bits of lanes, tables, several
// vectors at a time. (vocabulary_test.cc has the rest, in f64 lanes.)
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/vocabulary_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/lanes_f32_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACTBENCH_TESTS_LANES_F32_TEST_CC_
#define ACTBENCH_TESTS_LANES_F32_TEST_CC_
namespace actbench {

using Lanes32 = std::vector<float>;

enum class Operation32 {
  kAddBits,
  kSubBits,
  kMinBits,
  kMaxBits,
  kClear4,
  kLeft19,
  kRight21,
  kNegAbs,
  kAtLeast,
  kAtMost,
  kMulError,
  kLookup4,
  kLookup16,
  kLookup32,
  kAbove,  // 1 in all lanes if all are above -2, else 0
};

struct Table32 {
  const char* name;
  size_t lanes;
  Lanes32 (*call)(Operation32 operation, const Lanes32& a, const Lanes32& b);
  std::vector<F16> (*copy_f16)(const std::vector<F16>& elements);
  std::vector<BF16> (*copy_bf16)(const std::vector<BF16>& elements);
};

alignas(64) constexpr float kTestTable4[4] = {1, 5, 9, 2};
alignas(64) constexpr float kTestTable16[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
alignas(64) constexpr float kTestTable32[32] = {31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
                                                0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15};

}  // namespace actbench
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::lanes_f32_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "tests/lanes_f32_table.inc"
}  // namespace actbench::lanes_f32_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::lanes_f32_test::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "tests/lanes_f32_table.inc"
}  // namespace actbench::lanes_f32_test::scalar_lane

namespace actbench {
namespace {

std::vector<Table32> Tables() {
  std::vector<Table32> tables = {lanes_f32_test::scalar_lane::MakeTable("scalar")};
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) tables.push_back(lanes_f32_test::space::MakeTable(isa));
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

class LanesF32Test : public testing::TestWithParam<Table32> {
 protected:
  // Any bits, or those of numbers from 1 to 2 of both signs.
  Lanes32 RandomBits(uint32_t seed) const {
    std::mt19937 random(seed);
    Lanes32 lanes(GetParam().lanes);
    for (float& lane : lanes) lane = std::bit_cast<float>(static_cast<uint32_t>(random()));
    return lanes;
  }
  Lanes32 RandomNumbers(uint32_t seed) const {
    Lanes32 lanes = RandomBits(seed);
    for (float& lane : lanes) lane = std::bit_cast<float>((std::bit_cast<uint32_t>(lane) & 0x807fffff) | 0x3f800000);
    return lanes;
  }
  // Every lane of an operation is that of `expected`, bit for bit.
  template <class Expected>
  void ExpectBits(Operation32 operation, Expected expected) const {
    for (uint32_t seed = 0; seed < 50; ++seed) {
      const Lanes32 a = RandomBits(seed);
      const Lanes32 b = RandomBits(seed + 1000);
      const Lanes32 got = GetParam().call(operation, a, b);
      ASSERT_EQ(got.size(), a.size());
      for (size_t i = 0; i < got.size(); ++i) {
        const uint32_t bits = expected(std::bit_cast<uint32_t>(a[i]), std::bit_cast<uint32_t>(b[i]));
        ASSERT_EQ(std::bit_cast<uint32_t>(got[i]), bits) << "lane " << i << " of " << a[i] << ", " << b[i];
      }
    }
  }
  Lanes32 All(float value) const { return Lanes32(GetParam().lanes, value); }
};

TEST_P(LanesF32Test, BitsAreIntegers) {
  ExpectBits(Operation32::kAddBits, [](uint32_t a, uint32_t b) { return a + b; });
  ExpectBits(Operation32::kSubBits, [](uint32_t a, uint32_t b) { return a - b; });
  ExpectBits(Operation32::kMinBits, [](int32_t a, int32_t b) { return static_cast<uint32_t>(std::min(a, b)); });
  ExpectBits(Operation32::kMaxBits, [](int32_t a, int32_t b) { return static_cast<uint32_t>(std::max(a, b)); });
  ExpectBits(Operation32::kClear4, [](uint32_t a, uint32_t) { return a & ~15u; });
  ExpectBits(Operation32::kLeft19, [](uint32_t a, uint32_t) { return a << 19; });
  ExpectBits(Operation32::kRight21, [](uint32_t a, uint32_t) { return a >> 21; });
  ExpectBits(Operation32::kNegAbs, [](uint32_t a, uint32_t) { return a | 0x80000000u; });
}

TEST_P(LanesF32Test, TablesArePickedByTheLastBits) {
  ExpectBits(Operation32::kLookup4, [](uint32_t a, uint32_t) { return std::bit_cast<uint32_t>(kTestTable4[a & 3]); });
  ExpectBits(Operation32::kLookup16,
             [](uint32_t a, uint32_t) { return std::bit_cast<uint32_t>(kTestTable16[a & 15]); });
  ExpectBits(Operation32::kLookup32,
             [](uint32_t a, uint32_t) { return std::bit_cast<uint32_t>(kTestTable32[a & 31]); });
}

TEST_P(LanesF32Test, ErrorsOfProductsAreExactWithFma) {
  const float allowed = std::string_view(GetParam().name) == "sse4" ? 0x1p-46f : 0;
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const Lanes32 a = RandomNumbers(seed);
    const Lanes32 b = RandomNumbers(seed + 1000);
    const Lanes32 got = GetParam().call(Operation32::kMulError, a, b);
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], std::fma(a[i], b[i], -(a[i] * b[i])), std::fabs(allowed * a[i] * b[i]));
    }
  }
}

TEST_P(LanesF32Test, BoundsKeepNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (Operation32 bound : {Operation32::kAtLeast, Operation32::kAtMost}) {
    for (float got : GetParam().call(bound, All(nan), All(1))) EXPECT_TRUE(std::isnan(got));
  }
  EXPECT_EQ(GetParam().call(Operation32::kAtLeast, All(-3), All(1)), All(1));
  EXPECT_EQ(GetParam().call(Operation32::kAtMost, All(-3), All(1)), All(-3));
}

// One lane that is not above the limit is found wherever it is.
TEST_P(LanesF32Test, OneLaneBelowALimitIsFound) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto above = [&](const Lanes32& lanes) { return GetParam().call(Operation32::kAbove, lanes, lanes)[0] == 1; };
  for (float value : {-1.99f, -0.0f, 0.0f, 1e-40f, 7.0f, kInfinity}) {
    EXPECT_TRUE(above(All(value))) << value;
    for (size_t i = 0; i < GetParam().lanes; ++i) {
      for (float low : {-2.0f, -2.5f, -1e30f, -kInfinity}) {
        Lanes32 lanes = All(value);
        lanes[i] = low;
        EXPECT_FALSE(above(lanes)) << low << " in lane " << i << " beside " << value;
      }
    }
  }
}

// All 65,536 elements, loaded and stored: the same but for NaN, which stays one.
TEST_P(LanesF32Test, ShortElementsAreLoadedAndStoredExactly) {
  std::vector<F16> halves(65536);
  std::vector<BF16> bfloats(65536);
  for (uint32_t i = 0; i < 65536; ++i) halves[i].bits = bfloats[i].bits = static_cast<uint16_t>(i);
  const std::vector<F16> got_halves = GetParam().copy_f16(halves);
  const std::vector<BF16> got_bfloats = GetParam().copy_bf16(bfloats);
  for (uint32_t i = 0; i < 65536; ++i) {
    if (std::isnan(ToDouble(halves[i]))) {
      EXPECT_TRUE(std::isnan(ToDouble(got_halves[i]))) << i;
    } else {
      EXPECT_EQ(got_halves[i].bits, i);
    }
    if (std::isnan(ToDouble(bfloats[i]))) {
      EXPECT_TRUE(std::isnan(ToDouble(got_bfloats[i]))) << i;
    } else {
      EXPECT_EQ(got_bfloats[i].bits, i);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Implementations, LanesF32Test, testing::ValuesIn(Tables()),
                         [](const auto& table) { return std::string(table.param.name); });

}  // namespace
}  // namespace actbench
#endif
