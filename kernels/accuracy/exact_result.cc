// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/exact_result.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Below it an f64 has no room for another 53 bits under it.
constexpr double kLeastUnscaled = 0x1p-900;
constexpr int kScale = 400;

}  // namespace

int ExponentIn(double value, const DtypeInfo& format) {
  return value == 0 ? format.min_exponent : std::clamp(std::ilogb(value), format.min_exponent, format.max_exponent);
}
int ExponentIn(const BigFloat& value, const DtypeInfo& format) {
  if (value == BigFloat(0.0)) return format.min_exponent;
  return static_cast<int>(std::clamp<long>(ilogb(value), format.min_exponent, format.max_exponent));
}

double RoundToFormat(const BigFloat& value, const DtypeInfo& format) {
  const double near = value.ToDouble();
  if (near == 0 ? value == BigFloat(0.0) : !(std::fabs(near) < kInfinity)) return near;
  const long quantum = std::max<long>(ilogb(value), format.min_exponent) - format.precision + 1;
  const double rounded = std::ldexp(RoundToInteger(scalbln(value, -quantum)).ToDouble(), static_cast<int>(quantum));
  if (std::fabs(rounded) >= std::ldexp(2.0, format.max_exponent)) return std::copysign(kInfinity, rounded);
  return rounded;
}

ExactResult ToExactResult(const BigFloat& value, const DtypeInfo& format) {
  ExactResult exact;
  const double rounded = RoundToFormat(value, format);
  char element[8];
  StoreElement(format.dtype, rounded, element);
  exact.bits = LoadBits(format.dtype, element);
  exact.high = rounded;
  if (!std::isfinite(rounded)) return exact;
  if (abs(value) < BigFloat(kLeastUnscaled) && format.dtype == Dtype::kF64) exact.scale = kScale;
  const BigFloat scaled = scalbln(value, exact.scale);
  exact.high = scaled.ToDouble();
  exact.low = (scaled - BigFloat(exact.high)).ToDouble();
  exact.exponent = ExponentIn(value, format);
  return exact;
}

double UlpError(double got, const ExactResult& exact, const DtypeInfo& format) {
  if (std::isnan(exact.high)) return std::isnan(got) && !std::isnan(exact.low) ? 0 : kInfinity;
  if (std::isinf(exact.high)) return got == exact.high ? 0 : kInfinity;
  if (!std::isfinite(got)) return kInfinity;
  const double scaled = exact.scale == 0 ? got : std::ldexp(got, exact.scale);
  const double difference = std::fabs((scaled - exact.high) - exact.low);
  // In f64 the number of ulp may be too large for one.
  return std::min(std::ldexp(difference, format.precision - 1 - exact.exponent - exact.scale),
                  std::numeric_limits<double>::max());
}

}  // namespace actbench
