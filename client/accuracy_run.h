// SPDX-License-Identifier: Apache-2.0
// Measures kernels one after the other, with a progress bar and a line for each.
#ifndef ACTBENCH_CLIENT_ACCURACY_RUN_H_
#define ACTBENCH_CLIENT_ACCURACY_RUN_H_

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "client/accuracy_inputs.h"
#include "client/client.h"
#include "client/session.h"

namespace actbench::client {

struct AccuracyRun {
  Client& client;
  const ServerFlags& server;
  const std::map<std::string, double>& parameters;
  const AccuracyInputs& inputs;
  bool use_stored;      // whether a stored exhaustive certificate does
  std::ostream& table;  // where the lines go
  bool only_table;      // whether nothing else is written, so that all ends where the table cannot be
};

struct AccuracyOutcome {
  std::vector<v1::Certificate> certificates;
  std::optional<v1::Comparison> comparison;
  bool failed = false;  // whether something could not be measured; it has been told
  bool ended = false;   // whether the rest was not tried
};

// On Ctrl-C the server's work stops and the process ends.
AccuracyOutcome MeasureKernels(const AccuracyRun& run, const std::vector<v1::Kernel>& kernels);

// Of one activation, direction and dtype.
AccuracyOutcome CompareKernels(const AccuracyRun& run, const v1::Kernel& first, const v1::Kernel& second);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_RUN_H_
