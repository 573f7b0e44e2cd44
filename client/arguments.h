// SPDX-License-Identifier: Apache-2.0
// What several commands' arguments have in common. Tested by arguments_test.cc and command_test.py.
#ifndef ACTBENCH_CLIENT_ARGUMENTS_H_
#define ACTBENCH_CLIENT_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "actbench/v1/types.pb.h"
#include "kernels/dtype.h"

namespace actbench::client {

// Decimal and hexadecimal numbers, inf and nan, in the C locale. Beyond a double's range: infinity or 0, as rounding
// has it. For a narrower `dtype` the double is, where it is not exact, the neighbour with an odd last bit: rounded once
// more, to nearest, that is the dtype's number nearest to the text.
absl::StatusOr<double> ParseNumber(absl::string_view text, Dtype dtype = Dtype::kF64);

// --param, which may be repeated.
CLI::Option* AddParameterFlag(CLI::App& command, std::vector<std::string>& texts);

// Its texts, such as "beta=1.5", by name.
absl::StatusOr<std::map<std::string, double>> ParseParameters(const std::vector<std::string>& texts);

// The parts between commas. INVALID_ARGUMENT, naming the flag, if one is empty.
absl::StatusOr<std::vector<std::string>> ParseList(absl::string_view text, absl::string_view flag);

// INVALID_ARGUMENT, naming the flag and what is allowed.
absl::StatusOr<v1::Direction> ParseDirectionFlag(const std::string& name, absl::string_view flag);
absl::StatusOr<v1::Dtype> ParseDtypeFlag(const std::string& name, absl::string_view flag);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ARGUMENTS_H_
