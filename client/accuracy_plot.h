// SPDX-License-Identifier: Apache-2.0
// Draws the maximum error of kernels over x. Tested by accuracy_plot_test.cc.
#ifndef ACTBENCH_CLIENT_ACCURACY_PLOT_H_
#define ACTBENCH_CLIENT_ACCURACY_PLOT_H_

#include <string>

#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

// An SVG document: a line for each certificate, by binades of x on an axis that is logarithmic on both sides of 0, over
// a logarithmic axis of ulp. Binades near zero and far from it in which no line changes share a place, which has their
// largest error. Infinite errors are marked at the upper edge. Follows the reader's light or dark color scheme.
std::string AccuracyPlot(absl::Span<const v1::Certificate> certificates);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_PLOT_H_
