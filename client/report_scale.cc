// SPDX-License-Identifier: Apache-2.0
#include "client/report_scale.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_format.h"

namespace actbench::client {
namespace {

// The least range of speeds, and the room beyond the first and the last, both in powers of ten.
constexpr double kLeastRange = 0.8;
constexpr double kRoom = 0.12;

// The least error that a plot always shows, and the greatest.
constexpr double kHalf = 0.5;
constexpr double kAlways = 4;
// Samples of correctly rounded results have errors from here to 0.5.
constexpr double kAlmostHalf = 0.45;
// The height of what is below 0.5, where that of 0.5 to 1 is log(2).
constexpr double kBelowHalf = 0.5;

// The least distance of labels.
constexpr double kSpeedDistance = 44;
constexpr double kErrorDistance = 24;

// Errors with a label, the most useful first.
constexpr double kErrorTicks[] = {0.5,  1,    2,     10,    1e6,   1e3,   1e9, 1e12, 1e20, 1e30, 1e40, 1e80,
                                  1e15, 1e60, 1e100, 1e150, 1e200, 1e300, 100, 4,    1e4,  1e5,  0};

// Where an error is on the scale.
double Scaled(double ulp) { return ulp < kHalf ? (ulp / kHalf - 1) * kBelowHalf : std::log1p(std::log2(ulp / kHalf)); }

}  // namespace

SpeedScale::SpeedScale(absl::Span<const double> values, double left, double right) : left_(left), right_(right) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  least_ = values.empty() ? 0 : std::log10(*least);
  greatest_ = values.empty() ? 0 : std::log10(*greatest);
  const double missing = std::max(0.0, kLeastRange - (greatest_ - least_)) / 2;
  least_ -= missing + kRoom;
  greatest_ += missing + kRoom;
}

double SpeedScale::At(double ns) const {
  return left_ + (std::log10(ns) - least_) / (greatest_ - least_) * (right_ - left_);
}

std::vector<Tick> SpeedScale::Ticks() const {
  std::vector<Tick> ticks;
  for (const double factor : {1.0, 2.0, 5.0, 3.0, 7.0, 1.5}) {
    for (int power = static_cast<int>(std::floor(least_)); power <= static_cast<int>(greatest_); ++power) {
      const double ns = factor * std::pow(10, power);
      const double at = At(ns);
      if (at >= left_ && at <= right_) AddTick(at, absl::StrFormat("%g", ns), kSpeedDistance, ticks);
    }
  }
  return ticks;
}

ErrorScale::ErrorScale(absl::Span<const double> values, double top, double bottom)
    : least_(Scaled(kHalf)), greatest_(Scaled(kAlways)), top_(top), bottom_(bottom) {
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    if (value < kAlmostHalf) least_ = Scaled(0);
    greatest_ = std::max(greatest_, Scaled(value));
  }
}

double ErrorScale::At(double ulp) const {
  return bottom_ - (std::clamp(Scaled(ulp), least_, greatest_) - least_) / (greatest_ - least_) * (bottom_ - top_);
}

std::vector<Tick> ErrorScale::Ticks() const {
  std::vector<Tick> ticks;
  for (const double ulp : kErrorTicks) {
    if (Scaled(ulp) < least_ || Scaled(ulp) > greatest_) continue;
    AddTick(At(ulp), ulp < 10 ? absl::StrFormat("%g", ulp) : PowerOfTen(static_cast<int>(std::lround(std::log10(ulp)))),
            kErrorDistance, ticks);
  }
  return ticks;
}

}  // namespace actbench::client
