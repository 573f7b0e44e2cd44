// SPDX-License-Identifier: Apache-2.0
#include "client/arguments.h"

#include <cfenv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/base/casts.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "kernels/dtype.h"
#include "proto/dtype.h"
#include "proto/tensor.h"

namespace actbench::client {
namespace {

double ParsedToOdd(const std::string& number) {
  const int mode = std::fegetround();
  std::fesetround(FE_DOWNWARD);
  const double below = std::strtod(number.c_str(), nullptr);
  std::fesetround(FE_UPWARD);
  const double above = std::strtod(number.c_str(), nullptr);
  std::fesetround(mode);
  // Of two neighbours one is odd. NaN is either.
  return (absl::bit_cast<uint64_t>(below) & 1) != 0 ? below : above;
}

}  // namespace

absl::StatusOr<double> ParseNumber(absl::string_view text, Dtype dtype) {
  const std::string number(absl::StripAsciiWhitespace(text));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (number.empty() || end != number.c_str() + number.size()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", number, "\" is not a number"));
  }
  return dtype == Dtype::kF64 ? value : ParsedToOdd(number);
}

CLI::Option* AddParameterFlag(CLI::App& command, std::vector<std::string>& texts) {
  // One for each flag, of which there may be several.
  return command.add_option("--param", texts, "A parameter of the activation; several: again, or with commas")
      ->type_name("NAME=NUMBER")
      ->delimiter(',')
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

absl::StatusOr<std::map<std::string, double>> ParseParameters(const std::vector<std::string>& texts) {
  std::map<std::string, double> parameters;
  for (const std::string& text : texts) {
    const std::pair<std::string, std::string> parameter = absl::StrSplit(text, absl::MaxSplits('=', 1));
    const absl::StatusOr<double> value = ParseNumber(parameter.second);
    if (parameter.first.empty() || !value.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--param \"", text, "\" is not of the form NAME=NUMBER"));
    }
    if (!parameters.insert({parameter.first, *value}).second) {
      return absl::InvalidArgumentError(absl::StrCat("--param gives ", parameter.first, " more than once"));
    }
  }
  return parameters;
}

absl::StatusOr<std::vector<std::string>> ParseList(absl::string_view text, absl::string_view flag) {
  std::vector<std::string> parts;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    parts.emplace_back(absl::StripAsciiWhitespace(part));
    if (parts.back().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " \"", text, "\" has an empty part; it is names with commas between them, or all"));
    }
  }
  return parts;
}

absl::StatusOr<v1::Direction> ParseDirectionFlag(const std::string& name, absl::string_view flag) {
  if (name == "forward") return v1::DIRECTION_FORWARD;
  if (name == "gradient") return v1::DIRECTION_GRADIENT;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": \"", name, "\" is none of forward, gradient"));
}

absl::StatusOr<v1::Dtype> ParseDtypeFlag(const std::string& name, absl::string_view flag) {
  const std::optional<Dtype> dtype = ParseDtype(name);
  if (dtype.has_value()) return ToProto(*dtype);
  return absl::InvalidArgumentError(absl::StrCat(flag, ": \"", name, "\" is none of ", DtypeNames()));
}

}  // namespace actbench::client
