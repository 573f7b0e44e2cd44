// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/kernel.h"

namespace actbench {
namespace {

std::string FilterText(const CertificateFilter& filter) {
  const v1::KernelSelector& selector = filter.selector;
  std::string text = absl::StrCat(static_cast<int>(filter.direction), ",", static_cast<int>(filter.dtype), ",",
                                  filter.current_only, ",", filter.unit_upstream);
  for (const std::string* name :
       {&filter.activation, &selector.provider(), &selector.tier(), &selector.isa(), &selector.device()}) {
    absl::StrAppend(&text, ",", name->size(), ":", *name);
  }
  if (filter.parameters.has_value()) absl::StrAppend(&text, ",", ParametersText(*filter.parameters));
  return text;
}

}  // namespace

std::string ParametersText(const ParameterMap& parameters) {
  return ParametersText(parameters, ",", [](double value) { return absl::StrFormat("%.17g", value); });
}

std::string ToPageToken(const PagePlace& place, const CertificateFilter& filter) {
  return ToPageToken(place, FilterText(filter));
}

absl::StatusOr<PagePlace> FromPageToken(const std::string& token, const CertificateFilter& filter) {
  return FromPageToken(token, FilterText(filter));
}

}  // namespace actbench
