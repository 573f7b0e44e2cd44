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
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/dtype.h"

// How the functions of formulas are declared: inlined into the loop, whatever the optimiser thinks.
#ifndef ACT_FN
#define ACT_FN inline __attribute__((always_inline))
#endif

// kernels/cuda/vocabulary_cuda.h makes another vocabulary of this file: in a namespace of its own, with FMA, and with
// instructions between f32 and 16 bits in place of Widened and RoundTo.
#ifndef ACTBENCH_SCALAR_NAMESPACE
#define ACTBENCH_SCALAR_NAMESPACE scalar
#define ACTBENCH_SCALAR_FMA false
#define ACTBENCH_SCALAR_SLOW_SUBNORMALS true
namespace actbench::scalar {
ACT_FN double Widened(F16 value) { return ToDouble(value); }
ACT_FN double Widened(BF16 value) { return ToDouble(value); }
ACT_FN void RoundTo(double value, F16& rounded) { rounded = ToF16(value); }
ACT_FN void RoundTo(double value, BF16& rounded) { rounded = ToBF16(value); }
}  // namespace actbench::scalar
#endif

namespace actbench::ACTBENCH_SCALAR_NAMESPACE {

// Stands for "one lane of type T", as Highway's Simd<T, N> does for N.
template <std::floating_point LaneType>
struct Lane {
  using T = LaneType;
};

using LaneF64 = Lane<double>;
using LaneF32 = Lane<float>;

// As many lanes or twice as many, for what takes less time so: long chains of operations with few constants.
template <class D>
using MoreLanes = D;

// The type of one lane.
template <class D>
using TFromD = typename D::T;

// Whether lanes are f64 or f32, for operations that have one implementation for each.
template <class D>
concept F64Lanes = (sizeof(TFromD<D>) == sizeof(double));
template <class D>
concept F32Lanes = (sizeof(TFromD<D>) == sizeof(float));

template <class T>
ACT_FN constexpr size_t Lanes(Lane<T>) {
  return 1;
}
template <class T>
ACT_FN constexpr size_t MaxLanes(Lane<T>) {
  return 1;
}

// A constant, rounded to the lane type.
template <class T>
ACT_FN T Set(Lane<T>, double value) {
  return static_cast<T>(value);
}

// One IEEE operation each, rounded to nearest even.
template <std::floating_point T>
ACT_FN T Add(T a, T b) {
  return a + b;
}
template <std::floating_point T>
ACT_FN T Sub(T a, T b) {
  return a - b;
}
template <std::floating_point T>
ACT_FN T Mul(T a, T b) {
  return a * b;
}
template <std::floating_point T>
ACT_FN T Div(T a, T b) {
  return a / b;
}

// Exact.
template <std::floating_point T>
ACT_FN T Neg(T a) {
  return -a;
}
template <std::floating_point T>
ACT_FN T Abs(T a) {
  return std::fabs(a);
}
template <std::floating_point T>
ACT_FN T NegAbs(T a) {
  return -std::fabs(a);
}
template <std::floating_point T>
ACT_FN T CopySign(T magnitude, T sign) {
  return std::copysign(magnitude, sign);
}

// One IEEE operation too. NaN for negative numbers.
template <std::floating_point T>
ACT_FN T Sqrt(T a) {
  return std::sqrt(a);
}

// To the nearest integer, ties to even. NaN gives NaN.
template <std::floating_point T>
ACT_FN T Round(T a) {
  return std::nearbyint(a);
}

// a * b - product, where product is a * b rounded: exactly with FMA, else within 2^-104 of the product (f32: 2^-46). No
// part of it may overflow or be subnormal.
template <class T>
ACT_FN T MulError(Lane<T>, T a, T b, T product) {
  return std::fma(a, b, -product);
}

// False if either side is NaN.
template <std::floating_point T>
ACT_FN bool Lt(T a, T b) {
  return a < b;
}
template <std::floating_point T>
ACT_FN bool Le(T a, T b) {
  return a <= b;
}
template <std::floating_point T>
ACT_FN bool Eq(T a, T b) {
  return a == b;
}

ACT_FN bool And(bool a, bool b) { return a && b; }
ACT_FN bool Or(bool a, bool b) { return a || b; }
template <std::floating_point T>
ACT_FN T IfThenElse(bool mask, T yes, T no) {
  return mask ? yes : no;
}
// Whether it is true of all lanes.
template <class T>
ACT_FN bool AllTrue(Lane<T>, bool mask) {
  return mask;
}

// max(x, bound) and min(x, bound), but NaN stays NaN. The bound is not NaN.
template <std::floating_point T>
ACT_FN T AtLeast(T x, T bound) {
  return x < bound ? bound : x;
}
template <std::floating_point T>
ACT_FN T AtMost(T x, T bound) {
  return bound < x ? bound : x;
}

// The bits of lanes as integers of as many bits.
template <class T>
using BitsOf = std::conditional_t<std::is_same_v<T, double>, uint64_t, uint32_t>;

// Sums and differences of the bits of lanes, modulo 2^64 or 2^32; the bits moved by k places; the smaller and
// the larger as signed integers; all but the last k bits.
template <std::floating_point T>
ACT_FN T AddBits(T a, T b) {
  return std::bit_cast<T>(static_cast<BitsOf<T>>(std::bit_cast<BitsOf<T>>(a) + std::bit_cast<BitsOf<T>>(b)));
}
template <std::floating_point T>
ACT_FN T SubBits(T a, T b) {
  return std::bit_cast<T>(static_cast<BitsOf<T>>(std::bit_cast<BitsOf<T>>(a) - std::bit_cast<BitsOf<T>>(b)));
}
template <int k, std::floating_point T>
ACT_FN T ShiftBitsLeft(T a) {
  return std::bit_cast<T>(std::bit_cast<BitsOf<T>>(a) << k);
}
template <int k, std::floating_point T>
ACT_FN T ShiftBitsRight(T a) {
  return std::bit_cast<T>(std::bit_cast<BitsOf<T>>(a) >> k);
}
template <std::floating_point T>
ACT_FN T MinBits(T a, T b) {
  using Signed = std::make_signed_t<BitsOf<T>>;
  return std::bit_cast<Signed>(a) < std::bit_cast<Signed>(b) ? a : b;
}
template <std::floating_point T>
ACT_FN T MaxBits(T a, T b) {
  using Signed = std::make_signed_t<BitsOf<T>>;
  return std::bit_cast<Signed>(a) < std::bit_cast<Signed>(b) ? b : a;
}
template <int k, std::floating_point T>
ACT_FN T ClearBits(T a) {
  return std::bit_cast<T>(std::bit_cast<BitsOf<T>>(a) >> k << k);
}

// 2^k for an integral k in [-1022, 1023]. NaN gives anything.
ACT_FN double PowerOfTwo(LaneF64, double k) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(k + (0x1.8p52 + 1023)) << 52);
}

// x 2^floor(n) for a normal result; n is a multiple of 1/16 in [-1010, 1010], and `index` n + 0x1.8p48, whose last four
// bits are the sixteenths.
ACT_FN double TimesPower(double x, double, double index) { return AddBits(x, ShiftBitsLeft<48>(ClearBits<4>(index))); }

// table[i], i the lowest bits of `index`: four for 16 entries, five for 32. Tables of f64 have 16.
template <class T, size_t kEntries>
ACT_FN T Lookup(Lane<T>, const T (&table)[kEntries], T index) {
  return table[std::bit_cast<BitsOf<T>>(index) % kEntries];
}

// Whether MulAdd rounds once.
inline constexpr bool kHasFma = ACTBENCH_SCALAR_FMA;

// Whether looking up in 16 or 32 entries is the shorter way to a function.
inline constexpr bool kQuickLookup = true;

// Whether products take long where one is subnormal.
inline constexpr bool kSlowSubnormals = ACTBENCH_SCALAR_SLOW_SUBNORMALS;

// Whether subnormal inputs are spared (kernels/subnormals.h).
inline constexpr bool kSparesSubnormals = false;

// Whether every lane is above a negative `limit`; NaN may count as either.
ACT_FN bool AllAbove(LaneF32, float x, double limit) { return !(x <= static_cast<float>(limit)); }

// The element at `data`, which may have any alignment. Exact for every dtype no wider than the lane.
template <class T, class Storage>
ACT_FN T Load(Lane<T>, const Storage*, const void* data) {
  Storage value;
  std::memcpy(&value, data, sizeof(value));
  if constexpr (std::is_floating_point_v<Storage>) {
    return value;
  } else {
    return static_cast<T>(Widened(value));
  }
}

// Stores with one rounding to nearest even.
ACT_FN void RoundTo(double value, double& rounded) { rounded = value; }
ACT_FN void RoundTo(double value, float& rounded) { rounded = static_cast<float>(value); }
template <class T, class Storage>
ACT_FN void Store(Lane<T>, const Storage*, T value, void* data) {
  Storage rounded;
  RoundTo(value, rounded);
  std::memcpy(data, &rounded, sizeof(rounded));
}

// Stores past the caches (kernels/streaming.h): how many bytes of Storage at a time, at a multiple of them; 0, as here,
// where that is not done. StreamStep stores as many.
template <class D, class Storage>
inline constexpr size_t kStreamStep = 0;
template <size_t kStep>
ACT_FN void StreamStep(const char*, char*) {}

// What differs between tiers. MulAdd is a * b + c and NegMulAdd c - a * b, with one rounding or two, whichever is fast;
// in the exact tier with one, so that every instruction set gives the same bits.
namespace fast {
inline constexpr bool kExactTier = false;
template <std::floating_point T>
ACT_FN T MulAdd(T a, T b, T c) {
  return kHasFma ? std::fma(a, b, c) : a * b + c;
}
template <std::floating_point T>
ACT_FN T NegMulAdd(T a, T b, T c) {
  return kHasFma ? std::fma(-a, b, c) : c - a * b;
}
}  // namespace fast
namespace exact {
inline constexpr bool kExactTier = true;
ACT_FN double MulAdd(double a, double b, double c) { return std::fma(a, b, c); }
ACT_FN double NegMulAdd(double a, double b, double c) { return std::fma(-a, b, c); }
}  // namespace exact

}  // namespace actbench::ACTBENCH_SCALAR_NAMESPACE

#endif  // ACTBENCH_KERNELS_VOCABULARY_SCALAR_H_
