// SPDX-License-Identifier: Apache-2.0
// Benchmark runs for spreadsheets and data frames. docs/formats.md says what each column means. Tested by
// benchmark_csv_test.cc.
#ifndef ACTBENCH_CLIENT_BENCHMARK_CSV_H_
#define ACTBENCH_CLIENT_BENCHMARK_CSV_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// A header and a row for each case, quoted as RFC 4180 has it, with a newline after each. What is not known is empty,
// so are all times of a case that was not measured.
std::string BenchmarkCsv(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_BENCHMARK_CSV_H_
