// SPDX-License-Identifier: Apache-2.0
// Student's t tests of ratios. Unlike a rank test's, their p values have no least one: a difference far outside the
// spread is beyond chance among any number of cases. Tested by student_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_STUDENT_H_
#define ACTBENCH_KERNELS_MEASURE_STUDENT_H_

#include "absl/types/span.h"

namespace actbench {

// Of a mean of logarithms, or the difference of two.
struct MeanEstimate {
  double mean = 0;
  double standard_error = 0;
  double degrees = 0;  // of freedom, at least 1; 0 where there are too few numbers to know the error
};

// Of ratios that are independent of one another: the logarithms' mean.
MeanEstimate EstimateMean(absl::Span<const double> ratios);

// How much longer the second of two groups of times is, whose spreads may differ: the difference of the logarithms'
// means, with the degrees of freedom of Welch 1947 (Biometrika 34, 28-35).
MeanEstimate EstimateMean(absl::Span<const double> first, absl::Span<const double> second);

// How likely a mean is as far from 0 if the true one is 0, two-sided; 1 where the error is not known.
double StudentPValue(const MeanEstimate& estimate);

// The distance from 0, in standard errors, beyond which the p value is below `p`, 0 < p < 1, to 9 digits.
double StudentDistance(double p, double degrees);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_STUDENT_H_
