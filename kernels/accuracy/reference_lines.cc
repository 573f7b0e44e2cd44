// SPDX-License-Identifier: Apache-2.0
// Where the first stage of the reference may follow a line instead of evaluating the definition at every input. Most of
// all numbers are so near to 0 or so far from it that an activation is straight over a thousand of them. Tested by
// reference_lines_test.cc.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "kernels/accuracy/reference.h"

namespace actbench {
namespace {

// Of a line, relative to its values: then one result of f32 in some 2^19 is not decided by it.
constexpr double kLineError = 0x1p-44;
// What rounding adds to a line's value, relative to that, and more: with it added the value is another number.
constexpr double kLineRounding = 0x1p-52;
// The first stage's promise for results below 2^-180 is kept by any number of the right sign below that; and so it is
// above 2^180.
constexpr double kVanishing = 0x1p-190;
constexpr double kOverflowing = 0x1p190;

// By the mean value theorem: from the value at the middle, as steeply as f' is anywhere in the range.
std::optional<Line> LineThrough(double middle, double radius, double value, double error, double slope,
                                double slope_error) {
  // Then it is elsewhere too: ties among the results stay ties without an error, and take a closer look with one.
  if (error == 0) return std::nullopt;
  const double rise = std::fabs(slope) * radius;
  const Line line = {middle, value, slope, error + (std::fabs(value) + rise) * kLineRounding, slope_error};
  const bool is_good = line.error + line.error_slope * radius <= (std::fabs(value) - rise) * kLineError;
  return is_good ? std::optional(line) : std::nullopt;
}

}  // namespace

void Reference::FindLines(const double* middles, const double* radii, size_t n, std::optional<Line>* lines) const {
  std::fill(lines, lines + n, std::nullopt);
  const bool has_range = HasF64Stage() && direction_ == Direction::kForward && definitions_.lanes->range != nullptr;
  if (!has_range) return;
  std::vector<double> rows[6];
  for (std::vector<double>& row : rows) row.resize(n);
  auto& [value, error, range, range_error, slope, slope_error] = rows;
  EvaluateF64(&middles, n, value.data(), error.data());
  const double* const inputs[] = {middles, radii};
  double* const outputs[] = {range.data(), range_error.data(), slope.data(), slope_error.data()};
  definitions_.lanes->range(parameters_.data(), inputs, n, outputs);
  for (size_t i = 0; i < n; ++i) {
    const double size = std::fabs(range[i]);
    const bool vanishes = range_error[i] < size && size + range_error[i] < kVanishing;
    if (vanishes || size - range_error[i] > kOverflowing) {
      lines[i] = Line{middles[i], range[i], 0, size * kLineRounding, 0};
    } else {
      lines[i] = LineThrough(middles[i], radii[i], value[i], error[i], slope[i], slope_error[i]);
    }
  }
}

std::optional<Line> Reference::FindLineOverUpstream(double x) const {
  if (!HasF64Stage() || direction_ != Direction::kGradient || input_count_ != 1) return std::nullopt;
  const double point[] = {x, 1};
  if (!IsPlain(point)) return std::nullopt;
  const auto [slope, error] = *EvaluateF64One(point);
  if (error == 0 || !(error <= std::fabs(slope) * kLineError)) return std::nullopt;
  return Line{0, 0, slope, 0, error + std::fabs(slope) * kLineRounding};
}

}  // namespace actbench
