// SPDX-License-Identifier: Apache-2.0
// Files of benchmark runs: Google Benchmark's JSON, for the tools that read it, with the whole run beside it, for
// actbench. docs/formats.md says what each member means. Tested by benchmark_json_test.cc.
#ifndef ACTBENCH_CLIENT_BENCHMARK_JSON_H_
#define ACTBENCH_CLIENT_BENCHMARK_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// Strict JSON, the same text for equal runs: a row for each measured case, under its name, with finite numbers alone.
std::string GoogleBenchmarkJson(const v1::BenchmarkRun& run);

// The run of such a text, all of it but `unsaved`. INVALID_ARGUMENT says what the text is instead: no JSON, a file of
// another program or schema, or which result is damaged. Measured results have times above 0, and names are unique.
absl::StatusOr<v1::BenchmarkRun> ParseBenchmarkJson(const std::string& text);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_BENCHMARK_JSON_H_
