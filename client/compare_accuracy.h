// SPDX-License-Identifier: Apache-2.0
// How accurate the kernels are that `actbench compare` has timed against each other. Tested by compare_cases_test.cc
// and compare_command_test.py.
#ifndef ACTBENCH_CLIENT_COMPARE_ACCURACY_H_
#define ACTBENCH_CLIENT_COMPARE_ACCURACY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"
#include "client/client.h"
#include "client/compare_cases.h"
#include "client/comparison.h"
#include "client/progress_bar.h"

namespace actbench::client {

// At which inputs: all where a server can (of gradients with dy = 1), else, or always, samples; or not at all.
enum class AccuracyInputsChoice { kExhaustive, kSampled, kOff };

v1::InputPlan AccuracyPlan(const v1::Kernel& kernel, int input_count, AccuracyInputsChoice choice);

// Of each row, whose pair of kernels is that of its place, the errors of both, or why they could not be measured: once
// for all rows of a pair. Rows that were not timed are left out, as what cannot run in a worker may not run here
// either. An error of the client ends it.
absl::Status MeasureAccuracies(Client& client, absl::Span<const KernelPair* const> pairs,
                               const std::map<std::string, double>& parameters, AccuracyInputsChoice choice,
                               ProgressBar& bar, std::vector<ComparisonRow>& rows);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARE_ACCURACY_H_
