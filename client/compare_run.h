// SPDX-License-Identifier: Apache-2.0
// The work of `actbench compare`. Tested by compare_command_test.py.
#ifndef ACTBENCH_CLIENT_COMPARE_RUN_H_
#define ACTBENCH_CLIENT_COMPARE_RUN_H_

#include <optional>
#include <string>
#include <vector>

#include "actbench/v1/benchmark.pb.h"
#include "client/benchmark_inputs.h"
#include "client/compare_accuracy.h"
#include "client/compare_sides.h"
#include "client/comparison.h"
#include "client/kernel_selection.h"
#include "client/session.h"

namespace actbench::client {

// What is compared, and how.
struct CompareRun {
  SideArguments sides;
  KernelFlags kernels;
  BenchmarkInputFlags inputs;
  std::vector<std::string> parameters;
  v1::PairedPlan plan;  // of runs the threshold alone
  AccuracyInputsChoice accuracy = AccuracyInputsChoice::kExhaustive;
  std::vector<std::string> accept;
  std::string base_label;  // what BASE and HEAD are called; empty: as they were given
  std::string head_label;
  bool force = false;
  // A flag that was given and is for kernels alone; empty: none.
  std::string for_kernels;
};

// With a progress bar. Nothing if it failed, which has been told. On Ctrl-C the server's work stops and the process
// ends.
std::optional<Comparison> Compare(const CompareRun& run, const ServerFlags& server);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARE_RUN_H_
