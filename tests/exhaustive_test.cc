// SPDX-License-Identifier: Apache-2.0
// Kernels that are wrong on purpose, measured at every one of 2^32 inputs: the errors that are known of the usual
// formulas are found, and so is every mistake that a kernel can hide in a single input.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "tests/measure.h"

namespace actbench {
namespace {

// The report of a kernel of the catalog.
AccuracyReport Sweep(const std::string& activation, const KernelSelector& selector) {
  return ReportOf(**Catalog::Default().FindKernel(activation, Direction::kForward, Dtype::kF32, selector),
                  ExhaustiveInputs{});
}

// The largest error where abs(x) < 2.
double MaxUlpBelow2(const AccuracyReport& report) {
  double max_ulp = 0;
  for (const BinadeError& row : report.binades) {
    if (row.exponent <= 0) max_ulp = std::max(max_ulp, row.max_ulp);
  }
  return max_ulp;
}

// The kernel of the catalog, with `kMistake` made of each result.
template <float (*kMistake)(float x, float y)>
class Mistaken {
 public:
  static AccuracyReport Sweep(const std::string& activation) {
    right_ = *Catalog::Default().FindKernel(activation, Direction::kForward, Dtype::kF32, {.tier = "exact"});
    prepared_ = new PreparedKernel(*right_, nullptr);
    const Kernel kernel = HandmadeKernel(activation, Direction::kForward, Dtype::kF32, &Run);
    return ReportOf(kernel, ExhaustiveInputs{});
  }

 private:
  static void Run(const void*, const void* const* inputs, void* const* outputs, size_t n) {
    EXPECT_TRUE(prepared_->Run({inputs, 1}, {outputs, 1}, n).ok());
    auto* y = static_cast<float*>(outputs[0]);
    const auto* x = static_cast<const float*>(inputs[0]);
    for (size_t i = 0; i < n; ++i) y[i] = kMistake(x[i], y[i]);
  }
  inline static const Kernel* right_ = nullptr;
  inline static const PreparedKernel* prepared_ = nullptr;
};

// The provider libm has what frameworks write.

// PyTorch, ggml. 0 from where e^-x overflows, where 2^-128 is right: 2^21 ulp, but for the last digits.
TEST(ExhaustiveTest, SigmoidByTheTextbookLosesItsTail) {
  const AccuracyReport report = Sweep("sigmoid", {.provider = "libm"});
  EXPECT_EQ(report.checked, uint64_t{1} << 32);
  EXPECT_GE(report.max_ulp, 0x1p21 - 8);
  EXPECT_LE(report.max_ulp, 0x1p21);
  EXPECT_GT(report.misrounded, 1000000u);
  EXPECT_LE(report.decided_by_mpfr, 100000u);
}

// 12.8 ulp for abs(x) <= 2 and zeros from -5.54 on, 1.7e7 ulp.
TEST(ExhaustiveTest, GeluByErfIsZeroWhereItShouldNotBe) {
  const AccuracyReport report = Sweep("gelu_erf", {.provider = "libm"});
  EXPECT_GE(report.max_ulp, 1.67e7);
  EXPECT_GT(report.spurious_zero, 1000000u);
  EXPECT_GE(MaxUlpBelow2(report), 12.8);
  EXPECT_LE(report.decided_by_mpfr, 100000u);
}

float OneUlpAtOneInput(float x, float y) { return x == 0x1.234566p-7f ? std::nextafter(y, 1.0f) : y; }
TEST(ExhaustiveTest, OneWrongElementOf4294967296IsFound) {
  const AccuracyReport report = Mistaken<OneUlpAtOneInput>::Sweep("tanh");
  EXPECT_EQ(report.misrounded, 1u);
  EXPECT_GT(report.max_ulp, 0.5);
  ASSERT_FALSE(report.worst.empty());
  const float x = 0x1.234566p-7f;
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  EXPECT_EQ(report.worst[0].input_bits[0], bits);
}

float WrongInOneBinade(float x, float y) { return x >= 4 && x < 8 ? y * (1 + 0x1p-20f) : y; }
TEST(ExhaustiveTest, AWrongConstantInOneBinadeIsFoundThere) {
  const AccuracyReport report = Mistaken<WrongInOneBinade>::Sweep("hard_swish");
  EXPECT_GE(report.misrounded, (1u << 23) - 1000);
  for (const BinadeError& row : report.binades) {
    if (!row.negative && row.exponent == 2) {
      EXPECT_GE(row.max_ulp, 7);
    } else {
      EXPECT_LE(row.max_ulp, 0.5) << row.exponent;
    }
  }
}

float SwappedSign(float x, float y) { return x > -0x1p-120f && x < -0x1p-121f ? -y : y; }
TEST(ExhaustiveTest, ASwappedSignIsFound) {
  const AccuracyReport report = Mistaken<SwappedSign>::Sweep("hard_swish");
  EXPECT_EQ(report.wrong_sign, (1u << 23) - 1);
}

}  // namespace
}  // namespace actbench
