// SPDX-License-Identifier: Apache-2.0
// A benchmark run as JUnit's XML, for the test views of CI systems. Tested by report_junit_test.cc and
// report_command_test.py.
#ifndef ACTBENCH_CLIENT_REPORT_JUNIT_H_
#define ACTBENCH_CLIENT_REPORT_JUNIT_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// A test for each case: passed with the numbers in its system-out, skipped, or an error. The time of a test is the
// median of a call, so that a view of how tests' times change shows that of kernels.
std::string JUnitReport(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_JUNIT_H_
