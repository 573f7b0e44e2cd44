// SPDX-License-Identifier: Apache-2.0
// The axes of accuracy plots, in pixels. Tested by accuracy_plot_test.cc.
#ifndef ACTBENCH_CLIENT_ACCURACY_SCALE_H_
#define ACTBENCH_CLIENT_ACCURACY_SCALE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"
#include "client/svg.h"

namespace actbench::client {

// Errors in ulp, on a logarithmic axis that goes up. Smaller ones than the least stand at the lower edge, infinite ones
// at the upper.
class UlpScale {
 public:
  // Fits the binades; pixels from `bottom` up to `top`, which is less.
  UlpScale(absl::Span<const v1::Certificate> certificates, double top, double bottom);

  double At(double ulp) const;
  // Within the limits.
  double Clamp(double ulp) const;
  std::vector<Tick> Ticks() const;

 private:
  int least_;  // powers of ten
  int greatest_;
  double top_;
  double bottom_;
};

// A place on the x axis: one binade, or a stretch of them in which no line changes much.
struct Cell {
  double begin;  // pixels
  double end;
  bool negative;
  int first_exponent;
  int last_exponent;

  bool shared() const { return first_exponent != last_exponent; }
};

// x by sign and binade: from the largest negative numbers through 0 in the middle to the largest positive ones, the
// same on both sides.
class BinadeScale {
 public:
  BinadeScale(absl::Span<const v1::Certificate> certificates, const UlpScale& ulps, double left, double right);

  // In the order of x.
  const std::vector<Cell>& cells() const { return cells_; }
  std::vector<Tick> Ticks() const;

 private:
  double middle_;
  std::vector<Cell> cells_;
};

// The largest error of the certificate in the cell, if there was an input.
std::optional<double> MaxUlp(const v1::Certificate& certificate, const Cell& cell);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_SCALE_H_
