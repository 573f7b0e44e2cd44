// SPDX-License-Identifier: Apache-2.0
// A multi-precision number that knows its own error: the number type in which definitions are evaluated where nothing
// faster can decide how a result rounds. Tested by reference_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_BIG_BALL_H_
#define ACTBENCH_KERNELS_ACCURACY_BIG_BALL_H_

#include <mpfr.h>

#include <utility>

#include "kernels/accuracy/big_float.h"

namespace actbench {

// All numbers within `error` of `value`. Every operation adds its own rounding error, which is none where MPFR's
// inexact flag says so: an exact result stays exact. The errors are rounded too, each by 2^-precision of itself: who
// uses one allows for that.
//
// Definitions need no cases for overflow: the exponential saturates at e^(+-kExpLimit), and an infinite input is read
// as the finite 2^kInfinityExponent. Both are so far beyond every dtype that the rounded result is the limit, even
// where an exponential that vanishes is multiplied with the cube of the input. An infinite x beside a finite gate is
// 2^kDominantExponent: however little the gate lets through, it is infinite.
class BigBall {
 public:
  static constexpr double kErfcLimit = 2000;  // erfc does not fall below about e^-kExpLimit either
  static constexpr double kExpLimit = kErfcLimit * kErfcLimit;
  static constexpr int kInfinityExponent = 10000;
  static constexpr int kDominantExponent = 100'000'000;

  BigBall() = default;
  // Exact. Implicit, so that definitions mix with constants.
  BigBall(double value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  explicit BigBall(BigFloat value) : value_(std::move(value)) {}

  const BigFloat& value() const { return value_; }
  const BigFloat& error() const { return error_; }
  bool is_exact() const { return error_ == BigFloat(0.0); }
  bool is_zero() const { return is_exact() && value_ == BigFloat(0.0); }

  friend BigBall operator-(const BigBall& a) { return {-a.value_, a.error_}; }
  friend BigBall operator+(const BigBall& a, const BigBall& b) {
    return Rounded([&] { return a.value_ + b.value_; }).Plus(a.error_ + b.error_);
  }
  friend BigBall operator-(const BigBall& a, const BigBall& b) { return a + -b; }
  friend BigBall operator*(const BigBall& a, const BigBall& b) {
    const BigBall product = Rounded([&] { return a.value_ * b.value_; });
    return product.Plus(abs(a.value_) * b.error_ + (abs(b.value_) + b.error_) * a.error_);
  }
  friend BigBall operator/(const BigBall& a, const BigBall& b) {
    BigBall quotient = Rounded([&] { return a.value_ / b.value_; });
    if (a.is_exact() && b.is_exact()) return quotient;
    // Infinite or NaN, so that nothing is decided, where b may be 0.
    const BigFloat least = abs(b.value_) - b.error_;
    const BigFloat divisor = least > BigFloat(0.0) ? least : BigFloat(0.0);
    return quotient.Plus((a.error_ + abs(quotient.value_) * b.error_) / divisor);
  }

  struct Truth {
    bool value;
    bool sure;
  };
  friend Truth operator<(const BigBall& a, const BigBall& b) { return {a.value_ < b.value_, AreApart(a, b)}; }
  friend Truth operator>(const BigBall& a, const BigBall& b) { return b < a; }
  friend Truth operator<=(const BigBall& a, const BigBall& b) { return {a.value_ <= b.value_, AreApart(a, b)}; }
  friend Truth operator>=(const BigBall& a, const BigBall& b) { return b <= a; }
  friend BigBall If(const Truth& condition, const BigBall& yes, const BigBall& no) {
    const BigBall& chosen = condition.value ? yes : no;
    return condition.sure ? chosen : BigBall(chosen.value_, abs(yes.value_ - no.value_) + yes.error_ + no.error_);
  }

  friend BigBall Pi(const BigBall&) {
    return Rounded([] { return BigFloat::Pi(); });
  }
  friend BigBall abs(const BigBall& a) { return {abs(a.value_), a.error_}; }
  friend BigBall exp(const BigBall& a) {
    const BigFloat x = Clamped(a.value_, kExpLimit);
    BigBall power = Rounded([&] { return exp(x); });
    if (a.is_exact() || abs(a.value_) - a.error_ >= BigFloat(kExpLimit)) return power;
    // e^t - 1 <= 2 t for t <= 1.
    return power.Plus(a.error_ > BigFloat(1.0) ? Infinity() : 2 * a.error_ * power.value_);
  }
  friend BigBall expm1(const BigBall& a) {
    const BigFloat x = Clamped(a.value_, kExpLimit);
    BigBall power = Rounded([&] { return expm1(x); });
    if (a.is_exact() || abs(a.value_) - a.error_ >= BigFloat(kExpLimit)) return power;
    return power.Plus(a.error_ > BigFloat(1.0) ? Infinity() : 2 * a.error_ * exp(x));
  }
  friend BigBall log1p(const BigBall& a) {
    BigBall result = Rounded([&] { return log1p(a.value_); });
    if (a.is_exact()) return result;
    const BigFloat least = BigFloat(1.0) + a.value_ - a.error_;
    return result.Plus(least > BigFloat(0.0) ? a.error_ / least : Infinity());
  }
  friend BigBall sqrt(const BigBall& a) {
    const BigBall root = Rounded([&] { return sqrt(a.value_); });
    return a.is_exact() ? root : root.Plus(a.error_ / root.value_);
  }
  friend BigBall tanh(const BigBall& a) {
    const BigFloat x = Clamped(a.value_, kExpLimit);
    return Rounded([&] { return tanh(x); }).Plus(a.error_);
  }
  // By its series near 0, where the difference would need three times the digits, and its sign is in the last. Beyond
  // 60 it is x - 1 and so little more, less than 2^-170, that it can only decide a tie, as anything between 0 and
  // 2^-169 does.
  friend BigBall x_minus_tanh(const BigBall& a) {
    const BigFloat size = abs(a.value_) + a.error_;
    if (size < BigFloat(0x1p-64)) {
      const BigBall square = a * a;
      // 17 / 315 of the seventh power are left out, and less.
      const BigFloat rest = size * size * size * size * size * size * size;
      return (a * square * (BigBall(5.0) - 2 * square) / 15).Plus(rest);
    }
    if (abs(a.value_) - a.error_ <= BigFloat(60.0)) {
      // From 2^-64 on the difference has 130 leading bits less than x.
      const BigFloat::PrecisionScope precision(static_cast<int>(BigFloat::precision()) + 136);
      return a - tanh(a);
    }
    const double side = signbit(a.value_) ? -1 : 1;
    return (a - BigBall(side) + BigBall(side * 0x1p-170)).Plus(BigFloat(0x1p-170 - 0x1p-180));
  }
  // abs(erfc'(x)) <= erfc(x) (2 max(x, 0) + 3/2), and not much more within a small error of x.
  friend BigBall erfc(const BigBall& a) {
    const BigFloat x = Clamped(a.value_, kErfcLimit);
    BigBall result = Rounded([&] { return erfc(x); });
    if (a.is_exact() || abs(a.value_) - a.error_ >= BigFloat(kErfcLimit)) return result;
    const BigFloat growth = a.error_ * (2 * (x > BigFloat(0.0) ? x : BigFloat(0.0)) + BigFloat(2.0));
    return result.Plus(growth > BigFloat(0x1p-10) ? Infinity() : growth * result.value_);
  }

 private:
  BigBall(BigFloat value, BigFloat error) : value_(std::move(value)), error_(std::move(error)) {}

  static BigFloat Infinity() { return BigFloat(1.0) / BigFloat(0.0); }
  static BigFloat Clamped(const BigFloat& x, double limit) {
    return x < BigFloat(-limit) ? BigFloat(-limit) : x > BigFloat(limit) ? BigFloat(limit) : x;
  }
  static bool AreApart(const BigBall& a, const BigBall& b) {
    return (a.is_exact() && b.is_exact()) || abs(a.value_ - b.value_) > a.error_ + b.error_;
  }
  // What one operation of MPFR gives, with its rounding error.
  template <class Operation>
  static BigBall Rounded(const Operation& operation) {
    mpfr_clear_inexflag();
    BigFloat value = operation();
    if (mpfr_inexflag_p() == 0) return BigBall(std::move(value));
    BigFloat error = scalbln(abs(value), -BigFloat::precision());
    return {std::move(value), std::move(error)};
  }
  BigBall Plus(const BigFloat& error) const { return {value_, error_ + error}; }

  BigFloat value_;
  BigFloat error_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_BIG_BALL_H_
