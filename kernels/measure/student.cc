// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/student.h"

#include <cmath>
#include <cstddef>
#include <limits>

namespace actbench {
namespace {

// I_x(a, b), the regularized incomplete beta function, for x below (a + 1) / (a + b + 2): the continued fraction 26.5.8
// of Abramowitz and Stegun, by Lentz's method. `rest` is 1 - x, which may be too small to be told from x.
double BetaFraction(double a, double b, double x, double rest) {
  constexpr int kMostTerms = 1000;
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double numerator = 1;
  double denominator = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = denominator;
  for (int i = 1; i <= kMostTerms; ++i) {
    const double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
    const double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
    double step = 1;
    for (const double term : {even, odd}) {
      denominator = 1 / away_from_zero(1 + term * denominator);
      numerator = away_from_zero(1 + term / numerator);
      step = numerator * denominator;
      fraction *= step;
    }
    if (std::abs(step - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  return std::exp(a * std::log(x) + b * std::log(rest) - log_beta) * fraction / a;
}

// How likely Student's t is as far from 0.
double TwoSided(double t, double degrees) {
  if (std::isinf(t)) return 0;
  const double x = degrees / (degrees + t * t);
  const double rest = t * t / (degrees + t * t);
  if (rest == 0) return 1;
  const double a = degrees / 2;
  constexpr double kB = 0.5;
  return x < (a + 1) / (a + kB + 2) ? BetaFraction(a, kB, x, rest) : 1 - BetaFraction(kB, a, rest, x);
}

// Of logarithms; the variance is that of the mean.
struct Moments {
  double mean = 0;
  double variance = 0;
  double degrees = 0;
};

Moments MomentsOf(absl::Span<const double> values) {
  const auto count = static_cast<double>(values.size());
  Moments moments;
  for (const double value : values) moments.mean += std::log(value) / count;
  if (values.size() < 2) return moments;
  moments.degrees = count - 1;
  for (const double value : values) {
    const double distance = std::log(value) - moments.mean;
    moments.variance += distance * distance / (count * moments.degrees);
  }
  return moments;
}

}  // namespace

MeanEstimate EstimateMean(absl::Span<const double> ratios) {
  const Moments moments = MomentsOf(ratios);
  return {moments.mean, std::sqrt(moments.variance), moments.degrees};
}

MeanEstimate EstimateMean(absl::Span<const double> first, absl::Span<const double> second) {
  const Moments one = MomentsOf(first);
  const Moments other = MomentsOf(second);
  MeanEstimate estimate = {other.mean - one.mean, std::sqrt(one.variance + other.variance), 0};
  if (one.degrees == 0 || other.degrees == 0) return estimate;
  const double sum = one.variance + other.variance;
  const double squares = one.variance * one.variance / one.degrees + other.variance * other.variance / other.degrees;
  estimate.degrees = squares > 0 ? sum * sum / squares : one.degrees + other.degrees;
  return estimate;
}

double StudentPValue(const MeanEstimate& estimate) {
  constexpr double kRounding = 1e-12;  // so much may sums of the same logarithms differ
  if (estimate.degrees == 0 || std::abs(estimate.mean) < kRounding) return 1;
  return TwoSided(estimate.mean / estimate.standard_error, estimate.degrees);
}

double StudentDistance(double p, double degrees) {
  constexpr int kHalvings = 40;
  double low = 0;
  double high = 1;
  while (TwoSided(high, degrees) > p) high *= 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (TwoSided(middle, degrees) > p ? low : high) = middle;
  }
  return high;
}

}  // namespace actbench
