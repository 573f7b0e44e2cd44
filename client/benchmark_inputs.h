// SPDX-License-Identifier: Apache-2.0
// The cases of a benchmark run: kernels with every combination of what the flags list. Tested by
// benchmark_inputs_test.cc.
#ifndef ACTBENCH_CLIENT_BENCHMARK_INPUTS_H_
#define ACTBENCH_CLIENT_BENCHMARK_INPUTS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/benchmark.pb.h"
#include "client/client.h"

namespace actbench::client {

// Lists have commas between their parts.
struct BenchmarkInputFlags {
  std::string size = {};  // elements
  std::string working_set = {};
  std::string cache = {};
  std::string distribution = {};
  std::string threads = {};
  std::string launch = {};
  std::optional<uint64_t> seed = {};
  bool in_place = false;
  std::string x = {};  // files
  std::string gate = {};
  std::string upstream = {};
  bool convert = false;  // whether files of different dtypes are: it was said to what
};

void AddBenchmarkInputFlags(CLI::App& command, BenchmarkInputFlags& flags);

// In an order in which kernels that are alternatives follow each other. The error names the flag or file.
absl::StatusOr<std::vector<v1::BenchmarkCase>> MakeCases(Client& client, absl::Span<const v1::Kernel> kernels,
                                                         const std::map<std::string, double>& parameters,
                                                         const BenchmarkInputFlags& flags);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_BENCHMARK_INPUTS_H_
