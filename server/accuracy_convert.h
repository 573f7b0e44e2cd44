// SPDX-License-Identifier: Apache-2.0
// Reports of accuracy measurements as messages of accuracy.proto. Tested by accuracy_convert_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_CONVERT_H_
#define ACTBENCH_SERVER_ACCURACY_CONVERT_H_

#include <cstddef>

#include "actbench/v1/accuracy.pb.h"
#include "kernels/accuracy/report.h"
#include "kernels/kernel.h"

namespace actbench {

// The numbers of a report: `inputs` of each are x [, gate] [, dy], all in `dtype`.
struct ReportFormat {
  Dtype dtype;
  size_t inputs;
};

void ToProto(const AccuracyReport& report, const ReportFormat& format, v1::AccuracyReport& out);
void ToProto(const Difference& difference, const ReportFormat& format, v1::Difference& out);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_CONVERT_H_
