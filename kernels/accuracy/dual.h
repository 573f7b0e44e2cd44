// SPDX-License-Identifier: Apache-2.0
// The number type that definitions are evaluated in: a value and its derivative with respect to one input, carried
// through every operation (forward-mode automatic differentiation). Tested by reference_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_DUAL_H_
#define ACTBENCH_KERNELS_ACCURACY_DUAL_H_

#include <cmath>
#include <limits>

#include "kernels/accuracy/big_float.h"

namespace actbench {

// How far a number type goes, so that definitions need no cases for overflow. The exponential saturates at e^(+-K),
// K = kRootExponent^2, and an infinite input is read as the finite 2^kInfinityExponent: beyond every dtype that is
// measured with the type, and so far beyond that the rounded result is the limit, even where an exponential that
// vanishes is multiplied with the cube of the input.
template <class T>
struct NumberLimits;
template <>
struct NumberLimits<long double> {  // measures f32, f16 and bf16
  static_assert(std::numeric_limits<long double>::max_exponent >= 16384);
  static constexpr int kRootExponent = 55;
  static constexpr int kInfinityExponent = 400;
};
template <>
struct NumberLimits<BigFloat> {
  static constexpr int kRootExponent = 2000;
  static constexpr int kInfinityExponent = 10000;
};

// The circle's constant; the argument only tells the number type.
inline long double Pi(const long double&) { return 3.14159265358979323846264338327950288L; }
inline BigFloat Pi(const BigFloat&) { return BigFloat::Pi(); }

// A value and its derivative.
template <class T>
struct Dual {
  T value = T(0);
  T derivative = T(0);

  Dual() = default;
  // A constant. Implicit, so that definitions mix with constants.
  Dual(double constant) : value(constant) {}  // NOLINT(google-explicit-constructor)
  Dual(const T& v, const T& d) : value(v), derivative(d) {}

  friend Dual operator-(const Dual& a) { return {-a.value, -a.derivative}; }
  friend Dual operator+(const Dual& a, const Dual& b) { return {a.value + b.value, a.derivative + b.derivative}; }
  friend Dual operator-(const Dual& a, const Dual& b) { return {a.value - b.value, a.derivative - b.derivative}; }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.derivative * b.value + a.value * b.derivative};
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    return {a.value / b.value, (a.derivative * b.value - a.value * b.derivative) / (b.value * b.value)};
  }
  friend bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }

  friend Dual Pi(const Dual& a) { return {Pi(a.value), T(0)}; }
  friend Dual exp(const Dual& a) {
    using std::exp;
    const T limit(NumberLimits<T>::kRootExponent * NumberLimits<T>::kRootExponent);
    const T power = exp(a.value < -limit ? T(-limit) : a.value > limit ? limit : a.value);
    return {power, power * a.derivative};
  }
  friend Dual sqrt(const Dual& a) {
    using std::sqrt;
    const T root = sqrt(a.value);
    return {root, a.derivative / (2 * root)};
  }
  friend Dual tanh(const Dual& a) {
    using std::tanh;
    const Dual power = exp(-Dual(a.value < T(0) ? T(-a.value) : a.value, T(0)));  // 1 / cosh = 2 e / (1 + e^2)
    const T sech = 2 * power.value / (1 + power.value * power.value);
    return {tanh(a.value), a.derivative * sech * sech};
  }
  friend Dual erfc(const Dual& a) {
    using std::erfc;
    using std::sqrt;
    const T limit(NumberLimits<T>::kRootExponent);  // like its derivative, it does not fall below e^-K
    const Dual density = exp(-(Dual(a.value, T(0)) * Dual(a.value, T(0))));
    return {erfc(a.value > limit ? limit : a.value), -2 / sqrt(Pi(a.value)) * density.value * a.derivative};
  }
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_DUAL_H_
