// SPDX-License-Identifier: Apache-2.0
#include "proto/kernel.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace actbench {

std::vector<std::string> InputNames(v1::Direction direction, int count) {
  const bool gradient = direction == v1::DIRECTION_GRADIENT;
  std::vector<std::string> names = {"x"};
  if (count > (gradient ? 2 : 1)) names.emplace_back("gate");
  if (gradient) names.emplace_back("dy");
  return names;
}

std::string ParametersText(const google::protobuf::Map<std::string, double>& parameters, absl::string_view separator,
                           absl::FunctionRef<std::string(double)> number) {
  const std::map<std::string, double> sorted(parameters.begin(), parameters.end());
  return absl::StrJoin(sorted, separator, [&](std::string* out, const auto& parameter) {
    absl::StrAppend(out, parameter.first, "=", number(parameter.second));
  });
}

}  // namespace actbench
