// SPDX-License-Identifier: Apache-2.0
// A benchmark run in Bencher Metric Format, the JSON of `bencher run --adapter json`: https://bencher.dev. Tested by
// report_bencher_test.cc.
#ifndef ACTBENCH_CLIENT_REPORT_BENCHER_H_
#define ACTBENCH_CLIENT_REPORT_BENCHER_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// Of each measured case latency (ns), throughput (elements per second), both with their intervals, and, where the error
// is known, max_ulp, unless it is infinite, and infinite_ulp, 1 if it is and 0 if not.
std::string BencherReport(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_BENCHER_H_
