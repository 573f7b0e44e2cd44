// SPDX-License-Identifier: Apache-2.0
// Reports of accuracy measurements as messages of accuracy.proto. Tested by accuracy_convert_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_CONVERT_H_
#define ACTBENCH_SERVER_ACCURACY_CONVERT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "actbench/v1/accuracy.pb.h"
#include "kernels/accuracy/report.h"
#include "kernels/kernel.h"

namespace actbench {

// The numbers of a report: `inputs` of each are x [, gate] [, dy], all in `dtype`.
struct ReportFormat {
  Dtype dtype;
  size_t inputs;
};

// The number with these bits. All NaN are one: what is made of a report is to survive formats that do not tell them
// apart, such as JSON, and the bits are beside it.
double ValueOf(Dtype dtype, uint64_t bits);

// In hexadecimal.
std::string OutputHashText(uint64_t hash);

void ToProto(const AccuracyReport& report, const ReportFormat& format, v1::AccuracyReport& out);
void ToProto(const Difference& difference, const ReportFormat& format, v1::Difference& out);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_CONVERT_H_
