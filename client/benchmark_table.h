// SPDX-License-Identifier: Apache-2.0
// Benchmark results as a table for people. Tested by benchmark_table_test.cc.
#ifndef ACTBENCH_CLIENT_BENCHMARK_TABLE_H_
#define ACTBENCH_CLIENT_BENCHMARK_TABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "actbench/v1/benchmark.pb.h"
#include "client/format.h"

namespace actbench::client {

// Whether they are measured for a choice among their kernels: alike but for provider, tier and ISA.
bool AreAlternatives(const v1::BenchmarkResult& first, const v1::BenchmarkResult& second);
// The place of the fastest among alternatives; none if none has times.
std::optional<size_t> Fastest(absl::Span<const v1::BenchmarkResult> alternatives);

// Lines as results come: those of alternatives together, when all are there, as the fastest of them is marked.
class BenchmarkTable {
 public:
  // Of cases whose longest kernel name has so many characters.
  explicit BenchmarkTable(size_t name_width);

  // The lines that can be printed now that this result has come.
  std::string Add(const v1::BenchmarkResult& result);
  // Those that are left.
  std::string Finish();

 private:
  std::string Line(const v1::BenchmarkResult& result, bool fastest) const;

  const std::vector<Column> columns_;
  bool has_header_ = false;
  std::vector<v1::BenchmarkResult> waiting_;
};

// All of a run.
std::string BenchmarkTableText(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_BENCHMARK_TABLE_H_
