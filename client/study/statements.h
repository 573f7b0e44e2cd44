// SPDX-License-Identifier: Apache-2.0
// All statements of the study. Tested by study_statements_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_STATEMENTS_H_
#define ACTBENCH_CLIENT_STUDY_STATEMENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/study/statement.h"

namespace actbench::client {

// In the order in which they are told.
absl::Span<const Statement* const> AllStatements();

// Those of these names, in the order of all; "all" and no name at all are all of them. NOT_FOUND with what there is.
absl::StatusOr<std::vector<const Statement*>> FindStatements(const std::vector<std::string>& names);

// Each in the file of its name.
const Statement& SigmoidVanishes();
const Statement& ShallowLayersStall();
const Statement& ReluGradient();
const Statement& ReluTrainsBetter();
const Statement& ReluZeros();
const Statement& Relu6LowPrecision();
const Statement& HardSigmoidCheaper();
const Statement& HardSwishApproximates();
const Statement& SwishTooHeavy();
const Statement& PrintedHardSigmoid();
const Statement& PrintedHardSwish();
const Statement& SwishBeta();

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_STATEMENTS_H_
