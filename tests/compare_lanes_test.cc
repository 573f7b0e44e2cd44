// SPDX-License-Identifier: Apache-2.0
// Every instruction set against the definition in compare_lanes.h, evaluated one element at a time.
#include "kernels/accuracy/compare_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/samples.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Dtype kCompared[] = {Dtype::kF32, Dtype::kF16, Dtype::kBF16};

double BinadeOf(double value, const DtypeInfo& format) {
  return value == 0 ? 0 : std::ldexp(1.0, std::max(std::ilogb(value), format.min_exponent));
}

// Elements in the dtype, with one before the first.
class Elements {
 public:
  Elements(Dtype dtype, const std::vector<double>& values) : dtype_(dtype), bytes_(Pack(dtype, values)) {}
  Elements(Dtype dtype, size_t n) : dtype_(dtype), bytes_((n + 1) * SizeBytes(dtype)) {}

  char* data() { return bytes_.data() + SizeBytes(dtype_); }
  const char* data() const { return bytes_.data() + SizeBytes(dtype_); }
  const void* at(size_t i) const { return data() + i * SizeBytes(dtype_); }
  double operator[](size_t i) const { return LoadElement(dtype_, at(i)); }
  uint64_t bits(size_t i) const { return LoadBits(dtype_, at(i)); }

 private:
  Dtype dtype_;
  std::vector<char> bytes_;
};

struct Block {
  std::vector<double> got;  // n + 1: the one before the first too
  std::vector<double> value;
  std::vector<double> error;
};

class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}
  size_t Below(size_t n) { return bits_() % n; }
  double Fraction() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }

  // A size that the dtype has, or nearly: normal, subnormal, beside a tie, at a power of two, too large.
  double Size(const DtypeInfo& format) {
    const int least = format.min_exponent - format.precision - 2;
    const int spread = format.max_exponent + 3 - least;
    const double any = std::ldexp(1 + Fraction(), least + static_cast<int>(Below(static_cast<size_t>(spread))));
    const double ulp = BinadeOf(any, format) * std::ldexp(1.0, 1 - format.precision);
    const double below = std::floor(any / ulp) * ulp;
    switch (Below(6)) {
      case 0:
        return 0;
      case 1:
        return below;
      case 2:  // a tie, or one as far from it as error bounds are
        return (below + ulp / 2) * (1 + (static_cast<double>(Below(5)) - 2) * 0x1p-46);
      case 3:
        return std::ldexp(1.0, std::ilogb(any)) * (1 + (static_cast<double>(Below(3)) - 1) * 0x1p-45);
      case 4:
        return std::ldexp(1 + Fraction(), format.min_exponent - static_cast<int>(Below(8)));
      default:
        return any;
    }
  }
  double Error(double value) {
    switch (Below(12)) {
      case 0:
        return kInfinity;
      case 1:
        return std::fabs(value) * 0x1p-20;
      case 2:
        return std::fabs(value) * 2;
      case 3:
      case 4:
      case 5:
        return 0;
      default:
        return std::fabs(value) * 0x1p-45;
    }
  }
  double Got(double value, Dtype dtype) {
    const double right = Rounded(dtype, value);
    switch (Below(12)) {
      case 0:
        return -right;
      case 1:
        return Below(2) == 0 ? 0.0 : -0.0;
      case 2:
        return Below(2) == 0 ? kInfinity : -kInfinity;
      case 3:
        return std::numeric_limits<double>::quiet_NaN();
      case 4:
      case 5:
        return std::isfinite(right) ? Step(dtype, right, static_cast<int64_t>(Below(7)) - 3) : right;
      default:
        return right;
    }
  }
  Block Make(Dtype dtype, size_t n) {
    Block block = {{0}, {}, {}};
    for (size_t i = 0; i < n; ++i) {
      block.value.push_back(std::copysign(Size(Info(dtype)), Below(2) == 0 ? 1 : -1));
      block.error.push_back(Error(block.value.back()));
      block.got.push_back(Got(block.value.back(), dtype));
    }
    return block;
  }

 private:
  std::mt19937_64 bits_;
};

enum class Attention { kNeeded, kAllowed, kUnneeded };

// What one element is, by the definition. An implementation may use a coarser bound of the error in ulp.
struct Verdict {
  Verdict(Dtype dtype, double got, double value, double error, double limit) {
    const DtypeInfo& format = Info(dtype);
    const double low = value - error;
    const double high = value + error;
    const double unit = std::ldexp(1.0, 1 - format.precision);
    rounded = Rounded(dtype, value);
    ulp = std::fabs(got - value) / (std::max(BinadeOf(value, format), std::ldexp(1.0, format.min_exponent)) * unit);
    const bool decided = error < kInfinity && Rounded(dtype, low) == Rounded(dtype, high) && error <= std::fabs(value);
    const double least_binade = error < kInfinity ? BinadeOf(low, format) : 0;
    const bool one_ulp = error < kInfinity && least_binade == BinadeOf(high, format);
    const double doubt = error == 0 ? 0 : error / (std::max(least_binade, std::ldexp(1.0, format.min_exponent)) * unit);
    const bool wrong = !std::isfinite(got) != !std::isfinite(rounded) || std::isnan(got) ||
                       std::signbit(got) != std::signbit(value) || (got == 0 && rounded != 0);
    const double margin = 1e-12;
    ulp_doubt = one_ulp ? ulp * margin : ulp;
    if (!decided || wrong || doubt > 0x1.001p-12 || (!one_ulp && ulp > 0x1p-11) || ulp > limit * (1 + margin)) {
      attention = Attention::kNeeded;
    } else if (std::isfinite(got) && error <= std::fabs(value) * unit * 0x1p-14 &&
               (std::ilogb(low) == std::ilogb(high) || ulp < 0x1p-13) && ulp <= limit * (1 - margin)) {
      attention = Attention::kUnneeded;
    }
  }

  Attention attention = Attention::kAllowed;
  double rounded;
  double ulp;
  double ulp_doubt;  // beside a power of two the ulp, and so a small error, is known to a factor of 2
};

struct Compared {
  CompareResult result;
  std::vector<bool> attention;  // by place
};

Compared CompareWith(const CompareFunctions& functions, Dtype dtype, const Block& block, double limit,
                     Elements& expected) {
  Compared compared;
  const Elements got(dtype, block.got);
  const size_t n = block.value.size();
  functions.compare[static_cast<size_t>(dtype)](got.data(), block.value.data(), block.error.data(), n, limit,
                                                expected.data(), compared.result);
  compared.attention.resize(n);
  for (size_t a = 0; a < compared.result.attention_count; ++a) {
    const size_t place = compared.result.attention[a];
    EXPECT_TRUE(a == 0 || place > compared.result.attention[a - 1]);
    compared.attention.at(place) = true;
  }
  return compared;
}

void ExpectAsDefined(const CompareFunctions& functions, Dtype dtype, const Block& block, double limit) {
  const size_t n = block.value.size();
  Elements expected(dtype, n);
  const Compared compared = CompareWith(functions, dtype, block, limit, expected);
  double sum = 0;
  double max = 0;
  double doubt = 0;
  uint64_t misrounded = 0;
  bool may_fall = false;
  for (size_t i = 0; i < n; ++i) {
    const double got = block.got[i + 1];
    may_fall |= got < block.got[i];
    const Verdict verdict(dtype, got, block.value[i], block.error[i], limit);
    if (verdict.attention != Attention::kAllowed) {
      EXPECT_EQ(compared.attention[i], verdict.attention == Attention::kNeeded)
          << i << " got " << got << " value " << block.value[i] << " error " << block.error[i] << " limit " << limit;
    }
    if (compared.attention[i]) continue;
    sum += verdict.ulp;
    doubt += verdict.ulp_doubt;
    max = std::max(max, verdict.ulp);
    misrounded += got != verdict.rounded ? 1 : 0;
    EXPECT_EQ(expected[i], verdict.rounded) << i;
    EXPECT_EQ(std::signbit(expected[i]), std::signbit(block.value[i])) << i;
  }
  EXPECT_NEAR(compared.result.sum_ulp, sum, doubt);
  EXPECT_NEAR(compared.result.max_ulp, max, doubt);
  EXPECT_EQ(compared.result.misrounded, misrounded);
  EXPECT_EQ(compared.result.may_fall, may_fall);
}

TEST(CompareLanesTest, EveryInstructionSetPointsOutWhatTheDefinitionSays) {
  for (const Dtype dtype : kCompared) {
    Random random(kSeed);
    for (int round = 0; round < 60; ++round) {
      const Block block = random.Make(dtype, round % 3 == 0 ? 8 : kCompareBlock);
      for (const double limit : {0.5, 1.75, 1e300}) {
        for (const CompareFunctions& functions : AllCompareFunctions()) {
          SCOPED_TRACE(std::string(functions.isa) + " " + std::string(Name(dtype)));
          ExpectAsDefined(functions, dtype, block, limit);
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST(CompareLanesTest, InstructionSetsAgreeOnEveryElement) {
  EXPECT_EQ(AllCompareFunctions().front().isa, "scalar");
  for (const Dtype dtype : kCompared) {
    const Block block = Random(kSeed + 1).Make(dtype, kCompareBlock);
    Elements scalar_expected(dtype, kCompareBlock);
    const Compared scalar = CompareWith(AllCompareFunctions().front(), dtype, block, 2, scalar_expected);
    for (const CompareFunctions& functions : AllCompareFunctions()) {
      SCOPED_TRACE(std::string(functions.isa) + " " + std::string(Name(dtype)));
      Elements expected(dtype, kCompareBlock);
      const Compared compared = CompareWith(functions, dtype, block, 2, expected);
      EXPECT_EQ(compared.attention, scalar.attention);
      EXPECT_EQ(compared.result.misrounded, scalar.result.misrounded);
      EXPECT_EQ(compared.result.max_ulp, scalar.result.max_ulp);
      EXPECT_EQ(compared.result.may_fall, scalar.result.may_fall);
      for (size_t i = 0; i < kCompareBlock; ++i) {
        if (!compared.attention[i]) {
          EXPECT_EQ(expected.bits(i), scalar_expected.bits(i)) << i;
        }
      }
    }
  }
}

TEST(CompareLanesTest, ARightAscendingBlockNeedsNoAttentionAndDoesNotFall) {
  Block block = {{1}, {}, {}};
  for (size_t i = 0; i < 64; ++i) {
    block.got.push_back(1 + static_cast<double>(i) / 128);
    block.value.push_back(block.got.back());
    block.error.push_back(0);
  }
  for (const CompareFunctions& functions : AllCompareFunctions()) {
    for (const Dtype dtype : kCompared) {
      Elements expected(dtype, 64);
      const Compared compared = CompareWith(functions, dtype, block, 0.5, expected);
      EXPECT_EQ(compared.result.attention_count, 0u);
      EXPECT_EQ(compared.result.max_ulp, 0);
      EXPECT_EQ(compared.result.misrounded, 0u);
      EXPECT_FALSE(compared.result.may_fall);
    }
  }
}

TEST(CompareLanesTest, FallsAreCountedWhereOnlyTheResultsFall) {
  Random random(kSeed + 2);
  std::vector<double> got;
  std::vector<double> expected;
  for (size_t i = 0; i <= kCompareBlock; ++i) {
    got.push_back(static_cast<double>(random.Below(9)) - 4);
    if (i % 17 == 5) got.back() = std::numeric_limits<double>::quiet_NaN();
    if (i % 19 == 5) got.back() = i % 2 == 0 ? kInfinity : -0.0;
    expected.push_back(static_cast<double>(random.Below(5)) - 2);
  }
  uint64_t falls = 0;
  for (size_t i = 1; i < got.size(); ++i) falls += got[i] < got[i - 1] && expected[i - 1] <= expected[i] ? 1 : 0;
  EXPECT_GT(falls, 100u);
  for (const CompareFunctions& functions : AllCompareFunctions()) {
    for (const DtypeInfo& format : AllDtypes()) {
      const Elements a(format.dtype, got);
      const Elements b(format.dtype, expected);
      EXPECT_EQ(functions.count_falls[static_cast<size_t>(format.dtype)](a.data(), b.data(), kCompareBlock), falls)
          << functions.isa << " " << format.name;
    }
  }
}

TEST(CompareLanesTest, WideningIsExact) {
  std::mt19937_64 bits(kSeed + 3);
  for (const DtypeInfo& format : AllDtypes()) {
    std::vector<double> values = SpecialValues(format.dtype);
    while (values.size() < kCompareBlock) {
      const uint64_t pattern = bits();
      values.push_back(LoadElement(format.dtype, &pattern));
    }
    const std::vector<char> elements = Pack(format.dtype, values);
    for (const CompareFunctions& functions : AllCompareFunctions()) {
      std::vector<double> wide(kCompareBlock);
      functions.widen[static_cast<size_t>(format.dtype)](elements.data(), kCompareBlock, wide.data());
      for (size_t i = 0; i < kCompareBlock; ++i) {
        EXPECT_TRUE(std::isnan(values[i]) ? std::isnan(wide[i])
                                          : wide[i] == values[i] && std::signbit(wide[i]) == std::signbit(values[i]))
            << functions.isa << " " << format.name << " " << values[i] << " " << wide[i];
      }
    }
  }
}

}  // namespace
}  // namespace actbench
