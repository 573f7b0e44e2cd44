// SPDX-License-Identifier: Apache-2.0
// A benchmark run as OpenMetrics text, for Prometheus and GitLab's metrics reports. Tested by
// report_openmetrics_test.cc and report_command_test.py.
#ifndef ACTBENCH_CLIENT_REPORT_OPENMETRICS_H_
#define ACTBENCH_CLIENT_REPORT_OPENMETRICS_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// Gauges with the time of the run, in whole seconds. Each sample is a line without blanks in its labels' keys and
// between them, as GitLab splits lines at blanks.
std::string OpenMetricsReport(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_OPENMETRICS_H_
