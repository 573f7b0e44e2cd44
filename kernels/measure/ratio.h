// SPDX-License-Identifier: Apache-2.0
// How much longer one takes than another, and whether that is chance. Tested by ratio_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_RATIO_H_
#define ACTBENCH_KERNELS_MEASURE_RATIO_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace actbench {

// 1.05: 5 % longer. The interval is where the ratio would lie if all were measured again, 95 of 100 times.
struct RatioEstimate {
  double ratio = 1;
  double low = 1;
  double high = 1;

  double half_width() const { return (high - low) / 2; }
};

// Of ratios that are independent of one another, at least one, as those of processes are: their median, and the
// percentile bootstrap over them. Of logarithms, so that whoever exchanges the two gets the inverse.
RatioEstimate EstimateRatio(absl::Span<const double> ratios);

// Of the times of two that were measured apart from each other, each at least one: the ratio of their medians.
RatioEstimate EstimateRatio(absl::Span<const double> base, absl::Span<const double> head);

// How likely ratios are this far on one side of 1 if both sides are alike: Wilcoxon's signed-rank test, two-sided, of
// their logarithms; exact, and from 65 on by the normal distribution. Ratios of 1 are left out.
double SignedRankPValue(absl::Span<const double> ratios);

// How likely two groups of numbers differ as much if they are of one distribution: Wilcoxon's rank-sum test, two-sided;
// exact, and from 65 numbers on by the normal distribution.
double RankSumPValue(absl::Span<const double> first, absl::Span<const double> second);

// The least that these tests can say: of ratios, and of two groups.
double LeastSignedRankPValue(size_t count);
double LeastRankSumPValue(size_t first, size_t second);

// What each of these probabilities is worth where all are looked at: who takes for real those of at most 0.05 is wrong
// in at most 5 % of them (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289-300). In the order given.
std::vector<double> AdjustForMany(absl::Span<const double> p_values);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_RATIO_H_
