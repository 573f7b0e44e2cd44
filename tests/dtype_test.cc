// SPDX-License-Identifier: Apache-2.0
#include "kernels/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace actbench {
namespace {

constexpr Dtype kHalves[] = {Dtype::kF16, Dtype::kBF16};

// The bits that are nearest to `value`, found by trying all; a tie goes to the even ones. Infinity stands for the
// number that would follow the largest.
uint16_t NearestByTrial(Dtype dtype, double value) {
  uint16_t best = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (uint32_t bits = 0; bits < 0x8000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    double candidate = LoadElement(dtype, &half);
    if (std::isnan(candidate)) break;
    if (std::isinf(candidate)) candidate = std::ldexp(1.0, Info(dtype).max_exponent + 1);
    const double distance = std::fabs(candidate - std::fabs(value));
    if (distance < best_distance || (distance == best_distance && half % 2 == 0)) {
      best = half;
      best_distance = distance;
    }
  }
  return static_cast<uint16_t>(best | (std::signbit(value) ? 0x8000 : 0));
}

uint16_t Rounded(Dtype dtype, double value) {
  uint16_t bits;
  StoreElement(dtype, value, &bits);
  return bits;
}

TEST(DtypeTest, NamesParseBackToTheirDtype) {
  for (const DtypeInfo& info : AllDtypes()) {
    EXPECT_EQ(ParseDtype(info.name), info.dtype);
    EXPECT_EQ(&Info(info.dtype), &info);
  }
  EXPECT_FALSE(ParseDtype("float").has_value());
}

TEST(DtypeTest, Every16BitValueSurvivesTheWayThroughDouble) {
  for (Dtype dtype : kHalves) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const auto half = static_cast<uint16_t>(bits);
      const double value = LoadElement(dtype, &half);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(LoadElement(dtype, std::vector<uint16_t>{Rounded(dtype, value)}.data())));
      } else {
        ASSERT_EQ(Rounded(dtype, value), half) << value;
      }
    }
  }
}

TEST(DtypeTest, KnownValues) {
  EXPECT_EQ(Rounded(Dtype::kF16, 1.0), 0x3c00);
  EXPECT_EQ(Rounded(Dtype::kF16, -2.0), 0xc000);
  EXPECT_EQ(Rounded(Dtype::kF16, 65504), 0x7bff);
  EXPECT_EQ(Rounded(Dtype::kF16, 65519.99), 0x7bff);
  EXPECT_EQ(Rounded(Dtype::kF16, 65520), 0x7c00);
  EXPECT_EQ(Rounded(Dtype::kF16, 0x1p-24), 0x0001);
  EXPECT_EQ(Rounded(Dtype::kF16, 0x1p-25), 0x0000);
  EXPECT_EQ(Rounded(Dtype::kF16, 0x1.8p-24), 0x0002);
  EXPECT_EQ(Rounded(Dtype::kF16, -1e-300), 0x8000);
  EXPECT_EQ(Rounded(Dtype::kBF16, 1.0), 0x3f80);
  EXPECT_EQ(Rounded(Dtype::kBF16, 1e300), 0x7f80);
  EXPECT_EQ(Rounded(Dtype::kBF16, -HUGE_VAL), 0xff80);
}

// 1 + 2^-11 + 2^-40 lies above the middle between two halves, but rounds to that middle as a float.
TEST(DtypeTest, RoundsOnceFromDouble) {
  EXPECT_EQ(Rounded(Dtype::kF16, 1 + 0x1p-11 + 0x1p-40), 0x3c01);
  EXPECT_EQ(Rounded(Dtype::kF16, 1 + 0x1p-11), 0x3c00);
  EXPECT_EQ(Rounded(Dtype::kBF16, 1 + 0x1p-8 + 0x1p-40), 0x3f81);
  EXPECT_EQ(Rounded(Dtype::kBF16, 1 + 0x1p-8), 0x3f80);
}

TEST(DtypeTest, RoundsToTheNearestValueByTrial) {
  std::mt19937_64 random(1);
  for (Dtype dtype : kHalves) {
    const DtypeInfo& format = Info(dtype);
    const int least = format.min_exponent - format.precision;  // half the least subnormal
    const std::pair<double, double> ranges[] = {{least - 1, format.max_exponent + 1},
                                                {least - 1, format.min_exponent},
                                                {format.max_exponent, format.max_exponent + 1.1}};
    for (const auto& [from, to] : ranges) {
      std::uniform_real_distribution<double> exponent(from, to);
      for (int i = 0; i < 100; ++i) {
        const double value = (i % 2 == 0 ? 1 : -1) * std::exp2(exponent(random));
        ASSERT_EQ(Rounded(dtype, value), NearestByTrial(dtype, value)) << value;
      }
    }
  }
}

TEST(DtypeTest, ConvertsWithOneRounding) {
  const std::vector<double> source = {0.1, -0.0, 1 + 0x1p-11 + 0x1p-40, 1e10};
  std::vector<uint16_t> halves(source.size());
  ConvertElements(Dtype::kF64, source.data(), Dtype::kF16, halves.data(), source.size());
  EXPECT_EQ(halves, (std::vector<uint16_t>{0x2e66, 0x8000, 0x3c01, 0x7c00}));
  std::vector<float> floats(source.size());
  ConvertElements(Dtype::kF16, halves.data(), Dtype::kF32, floats.data(), source.size());
  EXPECT_EQ(floats[2], 1 + 0x1p-10f);
  EXPECT_TRUE(std::signbit(floats[1]));
}

}  // namespace
}  // namespace actbench
