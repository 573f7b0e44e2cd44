// SPDX-License-Identifier: Apache-2.0
#include "client/study/statements.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace actbench::client {

absl::Span<const Statement* const> AllStatements() {
  static const Statement* const statements[] = {&SigmoidVanishes(),    &ShallowLayersStall(), &ReluGradient(),
                                                &ReluTrainsBetter(),   &ReluZeros(),          &Relu6LowPrecision(),
                                                &HardSigmoidCheaper(), &SwishTooHeavy(),      &HardSwishApproximates(),
                                                &PrintedHardSigmoid(), &PrintedHardSwish(),   &SwishBeta()};
  return statements;
}

absl::StatusOr<std::vector<const Statement*>> FindStatements(const std::vector<std::string>& names) {
  const bool all = names.empty() || std::find(names.begin(), names.end(), "all") != names.end();
  if (all) return std::vector<const Statement*>(AllStatements().begin(), AllStatements().end());
  std::vector<const Statement*> found;
  for (const Statement* statement : AllStatements()) {
    if (std::find(names.begin(), names.end(), statement->name) != names.end()) found.push_back(statement);
  }
  for (const std::string& name : names) {
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const Statement* statement) { return statement->name == name; });
    if (known) continue;
    const auto name_of = [](std::string* out, const Statement* statement) { out->append(statement->name); };
    return absl::NotFoundError(absl::StrCat("--only: there is no statement \"", name, "\"; there are ",
                                            absl::StrJoin(AllStatements(), ", ", name_of)));
  }
  return found;
}

}  // namespace actbench::client
