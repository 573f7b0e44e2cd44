// SPDX-License-Identifier: Apache-2.0
// The axes of plots of speed against accuracy, in pixels. Tested by report_plot_test.cc.
#ifndef ACTBENCH_CLIENT_REPORT_SCALE_H_
#define ACTBENCH_CLIENT_REPORT_SCALE_H_

#include <vector>

#include "absl/types/span.h"
#include "client/svg.h"

namespace actbench::client {

// Nanoseconds per element, on a logarithmic axis that goes right.
class SpeedScale {
 public:
  // Fits `values`, all above 0, with room at both ends; pixels from `left` to `right`.
  SpeedScale(absl::Span<const double> values, double left, double right);

  double At(double ns) const;
  std::vector<Tick> Ticks() const;

 private:
  double least_;  // powers of ten
  double greatest_;
  double left_;
  double right_;
};

// Errors in ulp, on an axis that goes up. From 0.5, the least that a rounded function can have, it is logarithmic in
// the number of wrong bits: what matters lies between 0.5 and 4, but some kernels have 10^39. Below 0.5, where only
// functions are that need no rounding, it is linear.
class ErrorScale {
 public:
  // Fits the finite ones of `values`, all at least 0; pixels from `bottom` up to `top`, which is less.
  ErrorScale(absl::Span<const double> values, double top, double bottom);

  double At(double ulp) const;
  std::vector<Tick> Ticks() const;

 private:
  double least_;  // on the scale
  double greatest_;
  double top_;
  double bottom_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_SCALE_H_
