// SPDX-License-Identifier: Apache-2.0
// Compares a few outputs of a kernel with its definition, for the metrics. Tested by accuracy_check_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_CHECK_H_
#define ACTBENCH_SERVER_ACCURACY_CHECK_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "kernels/accuracy/error.h"
#include "kernels/accuracy/report.h"
#include "kernels/dtype.h"

namespace actbench {

struct AccuracyCheck {
  // The counts, the maximum and the sum of the errors alone. A result that is half an ulp off counts as rounded well,
  // which it is but for the lower neighbour of an exact power of two; the sign of a zero is not looked at, nor that
  // of a result more than 2^60 times too large or too small.
  AccuracyReport report;
  std::vector<double> errors;  // in ulp, each
};

// Compares `count` elements of output number `output_number`, as ErrorMeter::Measure, and adds them to `check`. An
// element that is wrong in more than its last digits costs up to five times as much as another.
void CheckElements(const ErrorMeter& meter, Dtype dtype, absl::Span<const void* const> inputs, const void* output,
                   size_t count, size_t output_number, AccuracyCheck& check);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_CHECK_H_
