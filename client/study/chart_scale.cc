// SPDX-License-Identifier: Apache-2.0
#include "client/study/chart_scale.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace actbench::client {
namespace {

// The room beyond the first and the last value, of the whole.
constexpr double kRoom = 0.04;
// The same beside names, of the distance of two.
constexpr double kRoomOfNames = 0.3;
// The least range of a logarithmic axis, in powers of ten, and that from which on powers of ten alone will do as
// labels.
constexpr double kLeastPowers = 0.3;
constexpr double kManyPowers = 1.5;

}  // namespace

ChartScale::ChartScale(const Axis& axis, double least, double greatest, double begin, double end)
    : axis_(axis), begin_(begin), end_(end) {
  if (!axis.names.empty()) {
    least_ = -kRoomOfNames;
    greatest_ = static_cast<double>(axis.names.size()) - 1 + kRoomOfNames;
    return;
  }
  least_ = Scaled(axis.least.value_or(least));
  greatest_ = Scaled(axis.greatest.value_or(greatest));
  const double range = axis.logarithmic ? kLeastPowers : std::max(1e-12, std::abs(greatest_) * 1e-6);
  const double missing = std::max(0.0, range - (greatest_ - least_)) / 2;
  const double room = kRoom * (greatest_ - least_ + 2 * missing);
  if (!axis.least.has_value() || axis.logarithmic) least_ -= missing + room;
  if (!axis.greatest.has_value() || axis.logarithmic) greatest_ += missing + room;
}

double ChartScale::Scaled(double value) const { return axis_.logarithmic ? std::log10(value) : value; }

std::optional<double> ChartScale::At(double value) const {
  const double scaled = Scaled(value);
  constexpr double kRounding = 1e-9;
  if (!(scaled >= least_ - kRounding && scaled <= greatest_ + kRounding)) return std::nullopt;
  return begin_ + (scaled - least_) / (greatest_ - least_) * (end_ - begin_);
}

double ChartScale::Clamped(double value) const {
  const double scaled = value > 0 || !axis_.logarithmic ? std::clamp(Scaled(value), least_, greatest_) : least_;
  return begin_ + (scaled - least_) / (greatest_ - least_) * (end_ - begin_);
}

std::vector<Tick> ChartScale::Ticks(double distance) const {
  if (axis_.names.empty()) return axis_.logarithmic ? LogarithmicTicks(distance) : LinearTicks(distance);
  std::vector<Tick> ticks;
  for (size_t i = 0; i < axis_.names.size(); ++i) ticks.push_back({*At(static_cast<double>(i)), axis_.names[i]});
  return ticks;
}

std::vector<Tick> ChartScale::LinearTicks(double distance) const {
  const double least_step = (greatest_ - least_) * distance / std::abs(end_ - begin_);
  double step = std::pow(10, std::floor(std::log10(axis_.whole ? std::max(1.0, least_step) : least_step)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (factor * step < least_step) continue;
    step *= factor;
    break;
  }
  std::vector<Tick> ticks;
  for (double i = std::ceil(least_ / step - 1e-9); i * step <= greatest_ + 1e-9 * step; ++i) {
    ticks.push_back({*At(std::clamp(i * step, least_, greatest_)), absl::StrFormat("%g", i == 0 ? 0 : i * step)});
  }
  return ticks;
}

std::vector<Tick> ChartScale::LogarithmicTicks(double distance) const {
  const double of_power = std::abs(end_ - begin_) / (greatest_ - least_);
  const int step = std::max(1, static_cast<int>(std::ceil(distance / of_power)));
  const auto first = static_cast<int>(std::floor(least_));
  const auto last = static_cast<int>(std::ceil(greatest_));
  std::vector<Tick> ticks;
  const bool many = greatest_ - least_ >= kManyPowers;
  for (int power = first; power <= last; ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, power);
      const std::optional<double> at = At(value);
      if (!at.has_value() || (many && (factor != 1 || power % step != 0))) continue;
      AddTick(*at, factor == 1 ? PowerOfTen(power) : absl::StrFormat("%g", value), distance, ticks);
    }
  }
  return ticks;
}

}  // namespace actbench::client
