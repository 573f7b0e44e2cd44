// SPDX-License-Identifier: Apache-2.0
// The vocabulary of formulas over single numbers: every operation that math.inc, activations.inc and kernels.inc may
// use, under the names that Highway has for vectors. This file is the contract; vocabulary_simd.inc offers the same
// names over vectors, and vocabulary_test.cc runs the same cases on both.
//
// There are no Max and Min: x86, Arm and CUDA disagree about NaN. Use AtLeast and AtMost, or a select.
#ifndef ACTBENCH_KERNELS_VOCABULARY_SCALAR_H_
#define ACTBENCH_KERNELS_VOCABULARY_SCALAR_H_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/dtype.h"

// How the functions of formulas are declared: inlined into the loop, whatever the optimiser thinks.
#ifndef ACT_FN
#define ACT_FN inline __attribute__((always_inline))
#endif

namespace actbench::scalar {

// Stands for "one lane of type T", as Highway's Simd<T, N> does for N.
template <class T>
struct Lane {
  using Type = T;
};

using LaneF64 = Lane<double>;

// The type of one lane.
template <class D>
using TFromD = typename D::Type;

ACT_FN constexpr size_t Lanes(LaneF64) { return 1; }

// A constant, rounded to the lane type.
ACT_FN double Set(LaneF64, double value) { return value; }

// One IEEE operation each, rounded to nearest even.
ACT_FN double Add(double a, double b) { return a + b; }
ACT_FN double Sub(double a, double b) { return a - b; }
ACT_FN double Mul(double a, double b) { return a * b; }
ACT_FN double Div(double a, double b) { return a / b; }

// Exact.
ACT_FN double Neg(double a) { return -a; }
ACT_FN double Abs(double a) { return std::fabs(a); }
ACT_FN double CopySign(double magnitude, double sign) { return std::copysign(magnitude, sign); }

// One IEEE operation too. NaN for negative numbers.
ACT_FN double Sqrt(double a) { return std::sqrt(a); }

// To the nearest integer, ties to even. NaN gives NaN.
ACT_FN double Round(double a) { return std::nearbyint(a); }

// a * b - product, where product is a * b rounded: exactly with FMA, else within 2^-104 of the product. No part of it
// may overflow or fall below 2^-1022.
ACT_FN double MulError(LaneF64, double a, double b, double product) { return std::fma(a, b, -product); }

// 2^k for an integral k in [-1022, 1023]. NaN gives anything.
ACT_FN double PowerOfTwo(LaneF64, double k) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(k + (0x1.8p52 + 1023)) << 52);
}

// False if either side is NaN.
ACT_FN bool Lt(double a, double b) { return a < b; }
ACT_FN bool Le(double a, double b) { return a <= b; }
ACT_FN bool Eq(double a, double b) { return a == b; }

ACT_FN bool And(bool a, bool b) { return a && b; }
ACT_FN bool Or(bool a, bool b) { return a || b; }
// Whether it is true of all lanes.
ACT_FN bool AllTrue(LaneF64, bool mask) { return mask; }
ACT_FN double IfThenElse(bool mask, double yes, double no) { return mask ? yes : no; }

// The element at `data`, which may have any alignment. Exact for every dtype.
ACT_FN double Load(LaneF64, const double*, const void* data) {
  double value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}
ACT_FN double Load(LaneF64, const float*, const void* data) {
  float value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}
ACT_FN double Load(LaneF64, const F16*, const void* data) {
  F16 value;
  std::memcpy(&value, data, sizeof(value));
  return ToDouble(value);
}
ACT_FN double Load(LaneF64, const BF16*, const void* data) {
  BF16 value;
  std::memcpy(&value, data, sizeof(value));
  return ToDouble(value);
}

// Stores with one rounding to nearest even.
ACT_FN void Store(LaneF64, const double*, double value, void* data) { std::memcpy(data, &value, sizeof(value)); }
ACT_FN void Store(LaneF64, const float*, double value, void* data) {
  const float rounded = static_cast<float>(value);
  std::memcpy(data, &rounded, sizeof(rounded));
}
ACT_FN void Store(LaneF64, const F16*, double value, void* data) {
  const F16 rounded = ToF16(value);
  std::memcpy(data, &rounded, sizeof(rounded));
}
ACT_FN void Store(LaneF64, const BF16*, double value, void* data) {
  const BF16 rounded = ToBF16(value);
  std::memcpy(data, &rounded, sizeof(rounded));
}

// What differs between tiers. MulAdd is a * b + c and NegMulAdd c - a * b, with one rounding or two, whichever is fast;
// in the exact tier with one, so that every instruction set gives the same bits.
namespace fast {
inline constexpr bool kExactTier = false;
ACT_FN double MulAdd(double a, double b, double c) { return a * b + c; }
ACT_FN double NegMulAdd(double a, double b, double c) { return c - a * b; }
}  // namespace fast
namespace exact {
inline constexpr bool kExactTier = true;
ACT_FN double MulAdd(double a, double b, double c) { return std::fma(a, b, c); }
ACT_FN double NegMulAdd(double a, double b, double c) { return std::fma(-a, b, c); }
}  // namespace exact

}  // namespace actbench::scalar

#endif  // ACTBENCH_KERNELS_VOCABULARY_SCALAR_H_
