// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_page.h"

#include <xxhash.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/kernel.h"

namespace actbench {
namespace {

// A page token is the place in hexadecimal, and a hash of it and the filter.
std::string TokenHash(const std::string& place, const CertificateFilter& filter) {
  const v1::KernelSelector& selector = filter.selector;
  std::string text = absl::StrCat(place, ",", static_cast<int>(filter.direction), ",", static_cast<int>(filter.dtype),
                                  ",", filter.current_only, ",", filter.unit_upstream);
  for (const std::string* name :
       {&filter.activation, &selector.provider(), &selector.tier(), &selector.isa(), &selector.device()}) {
    absl::StrAppend(&text, ",", name->size(), ":", *name);
  }
  if (filter.parameters.has_value()) absl::StrAppend(&text, ",", ParametersText(*filter.parameters));
  return HashText(text, 0);
}

}  // namespace

std::string ParametersText(const ParameterMap& parameters) {
  return ParametersText(parameters, ",", [](double value) { return absl::StrFormat("%.17g", value); });
}

std::string HashText(std::string_view bytes, uint64_t seed) {
  return absl::StrFormat("%016x", XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

std::string ToPageToken(const PagePlace& place, const CertificateFilter& filter) {
  const std::string text = absl::StrFormat("%016x%s", static_cast<uint64_t>(place.time_us), place.id);
  return absl::StrCat(text, TokenHash(text, filter));
}

absl::StatusOr<PagePlace> FromPageToken(const std::string& token, const CertificateFilter& filter) {
  if (token.empty()) return PagePlace();
  constexpr size_t kPart = 16;
  uint64_t time_us = 0;
  if (token.size() != 3 * kPart || !absl::SimpleHexAtoi(token.substr(0, kPart), &time_us) ||
      token.substr(2 * kPart) != TokenHash(token.substr(0, 2 * kPart), filter)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "page_token is \"", absl::CHexEscape(token.substr(0, 4 * kPart)),
        "\", which is not the next_page_token of a page with these filters; leave it empty for the first page"));
  }
  return PagePlace{static_cast<int64_t>(time_us), token.substr(kPart, kPart)};
}

}  // namespace actbench
