// SPDX-License-Identifier: Apache-2.0
// What is said of times: quantiles, and how certain a median is. No mean: one slice in ten that another process had
// makes it anything. Tested by statistics_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_STATISTICS_H_
#define ACTBENCH_KERNELS_MEASURE_STATISTICS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace actbench {

// The p-quantile, 0 <= p <= 1, of ascending numbers, of which there is at least one: between neighbours by a straight
// line (type 7 of Hyndman and Fan 1996, The American Statistician 50, 361-365).
double Quantile(absl::Span<const double> sorted, double p);

// Of at least one number in any order.
double Median(std::vector<double> values);
// The same, and leaves them in another order.
double Median(absl::Span<double> values);

struct Interval {
  double low = 0;
  double high = 0;
};

// Where the median of the numbers would lie if they were drawn again, by the percentile bootstrap: of `draws` samples
// with replacement the middle `confidence` of the medians. The same each time. For numbers that are independent of one
// another, as the medians of processes are and the samples within one are not.
Interval MedianInterval(absl::Span<const double> values, double confidence = 0.95, int draws = 10000,
                        uint64_t seed = 1);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_STATISTICS_H_
