// SPDX-License-Identifier: Apache-2.0
// The reference's last stage: MPFR at rising precision, and what follows from the limits at infinity.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/accuracy/reference.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// The precisions that are tried, in bits. At the last one all but an exact tie of inexact parts would be decided: what
// is not, is taken as it stands.
constexpr int kLeastPrecision = 128;
constexpr int kLargestPrecision = 16384;
// How near to its limit a function is in its tail.
constexpr int kTailExponent = -40;

bool IsNaN(const BigFloat& value) { return !(value == value); }

}  // namespace

std::optional<ExactResult> Reference::DecideBall(const BigBall& ball) const {
  if (IsNaN(ball.value())) return Rounded(kNaN);
  ExactResult exact = ToExactResult(ball.value(), format_);
  if (ball.is_exact()) return exact;
  const BigFloat reach = ball.error() * BigFloat(1.0001);
  const BigFloat lower = LowerBound(ball.value(), reach);
  const BigFloat upper = UpperBound(ball.value(), reach);
  const auto round = [&](const BigFloat& value) { return BitsOf(RoundToFormat(value, format_)); };
  if (round(lower) != exact.bits || round(upper) != exact.bits) return std::nullopt;
  exact.knows_exponent = std::isinf(exact.high) || ExponentIn(lower, format_) == ExponentIn(upper, format_);
  return exact;
}

BigResult Reference::EvaluateDefinition(const double* inputs) const {
  BigBall variables[2];
  const bool is_x_dominant = input_count_ == 2 && std::isfinite(inputs[1]);
  variables[0] = ReferenceInput(inputs[0], is_x_dominant ? BigBall::kDominantExponent : BigBall::kInfinityExponent);
  if (input_count_ == 2) variables[1] = ReferenceInput(inputs[1]);
  return definitions_.big(parameters_.data(), variables, output_);
}

BigBall Reference::EvaluateFunction(const double* inputs) const {
  const BigResult result = EvaluateDefinition(inputs);
  return direction_ == Direction::kForward ? result.value : result.derivative;
}

Reference::Limit Reference::FindLimit(double infinity) const {
  const BigFloat::PrecisionScope precision(kLeastPrecision);
  const BigFloat limit = EvaluateFunction(&infinity).value();
  const double high = limit.ToDouble();
  return {high, std::isfinite(high) ? (limit - BigFloat(high)).ToDouble() : 0};
}

Reference::Tail Reference::FindTail(double sign) const {
  const Limit& limit = LimitOf(sign < 0);
  const auto difference = [&](double x) {
    const double input = std::copysign(x, sign);
    return abs(EvaluateFunction(&input)) - BigBall(std::fabs(limit.high));
  };
  const auto is_near = [&](double x) {
    const BigFloat::PrecisionScope precision(kLeastPrecision);
    return abs(difference(x).value()) <= scalbln(BigFloat(std::fabs(limit.high)), kTailExponent);
  };
  double start = 0x1p160;
  while (start > 0x1p-160 && is_near(start / 2)) start /= 2;
  if (!is_near(start)) return {};
  double before = start / 2;
  for (int i = 0; i < 20; ++i) {
    const double middle = (before + start) / 2;
    (is_near(middle) ? start : before) = middle;
  }
  for (int bits = kLeastPrecision; bits <= kLargestPrecision; bits *= 2) {
    const BigFloat::PrecisionScope precision(bits);
    const BigBall side = difference(start);
    if (abs(side.value()) > side.error()) return {start, signbit(side.value()) ? -1 : 1};
  }
  return {};
}

const Reference::Limit& Reference::LimitOf(bool negative) const {
  End& end = (*ends_)[negative ? 0 : 1];
  std::call_once(end.has_limit, [&] { end.limit = FindLimit(negative ? -kInfinity : kInfinity); });
  return end.limit;
}

const Reference::Tail& Reference::TailOf(bool negative) const {
  End& end = (*ends_)[negative ? 0 : 1];
  std::call_once(end.has_tail, [&] { end.tail = FindTail(negative ? -1 : 1); });
  return end.tail;
}

void Reference::SettleExponent(const double* inputs, ExactResult& exact) const {
  if (exact.knows_exponent || input_count_ != 1) return;
  const bool negative = std::signbit(inputs[0]);
  const Limit& limit = LimitOf(negative);
  const double power = limit.high * (direction_ == Direction::kGradient ? inputs[1] : 1);
  const int exponent = std::isfinite(power) && power != 0 ? std::ilogb(power) : 0;
  if (limit.low != 0 || std::fabs(power) != std::ldexp(1.0, exponent)) return;
  const Tail& tail = TailOf(negative);
  if (std::fabs(inputs[0]) < tail.start) return;
  exact.exponent = std::clamp(tail.side < 0 ? exponent - 1 : exponent, format_.min_exponent, format_.max_exponent);
  exact.knows_exponent = true;
}

// The IEEE product with f' itself.
ExactResult Reference::Product(double dy, const Limit& derivative) const {
  const double product = dy * derivative.high;
  if (product == 0 || !std::isfinite(product)) return Rounded(product);
  const BigFloat::PrecisionScope precision(4 * kLeastPrecision);
  return *DecideBall(BigBall(BigFloat(dy) * (BigFloat(derivative.high) + BigFloat(derivative.low))));
}

ExactResult Reference::EvaluateMpfr(const double* inputs, double got) const {
  if (const std::optional<ExactResult> special = EvaluateSpecial(inputs)) return *special;
  const double dy = direction_ == Direction::kGradient ? inputs[input_count_] : 1;
  const bool at_limit = std::any_of(inputs, inputs + input_count_, [](double x) { return std::isinf(x); });
  for (int bits = kLeastPrecision;; bits *= 2) {
    const BigFloat::PrecisionScope precision(bits);
    const BigResult result = EvaluateDefinition(inputs);
    // A definition that fails, which no comparison would notice.
    if (IsNaN(result.value.value()) || IsNaN(result.derivative.value()))
      return {.high = kNaN, .low = kNaN, .bits = BitsOf(kNaN)};
    const BigBall& derivative = result.derivative;
    if (at_limit) {
      const double limit = (direction_ == Direction::kForward ? result.value : derivative).value().ToDouble();
      return direction_ == Direction::kForward ? Rounded(limit) : Product(dy, {limit, 0});
    }
    const bool is_last = bits == kLargestPrecision;
    if (dy == 0 || std::isinf(dy)) {
      const bool is_signed = derivative.is_exact() || abs(derivative.value()) > derivative.error();
      if (!is_signed && !is_last) continue;
      const double sign = signbit(derivative.value()) ? -1 : 1;
      return Rounded(dy * (derivative.is_zero() ? std::copysign(0, sign) : sign));
    }
    const BigBall exact = direction_ == Direction::kForward ? result.value : derivative * BigBall(dy);
    std::optional<ExactResult> decided = DecideBall(is_last ? BigBall(exact.value()) : exact);
    if (!decided.has_value()) continue;
    SettleExponent(inputs, *decided);
    if (KnowsError(got, *decided)) return *decided;
  }
}

}  // namespace actbench
