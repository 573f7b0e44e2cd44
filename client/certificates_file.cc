// SPDX-License-Identifier: Apache-2.0
#include "client/certificates_file.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/format.h"
#include "client/proto_json.h"

namespace actbench::client {
namespace {

// protobuf prints -0 as a number that it reads as 0, but the bits know the sign.
double WithSignOfZero(double value, const std::string& bits) {
  return value == 0 && bits.find_first_not_of("0x") != std::string::npos ? -0.0 : value;
}

void RestoreZeros(v1::InputError& error) {
  for (int i = 0; i < std::min(error.inputs_size(), error.input_bits_size()); ++i) {
    error.set_inputs(i, WithSignOfZero(error.inputs(i), error.input_bits(i)));
  }
  error.set_got(WithSignOfZero(error.got(), error.got_bits()));
  error.set_expected(WithSignOfZero(error.expected(), error.expected_bits()));
}

}  // namespace

absl::StatusOr<std::string> CertificatesJson(absl::Span<const v1::Certificate> certificates) {
  std::vector<std::string> elements;
  for (const v1::Certificate& certificate : certificates) {
    absl::StatusOr<std::string> element = ToJson(certificate);
    if (!element.ok()) return absl::InternalError(absl::StrCat(certificate.id(), ": ", element.status().message()));
    elements.push_back(*std::move(element));
  }
  return JsonLines(elements) + "\n";
}

absl::StatusOr<std::vector<absl::StatusOr<v1::Certificate>>> ParseCertificates(const std::string& text) {
  const absl::string_view stripped = absl::StripLeadingAsciiWhitespace(text);
  if (stripped.empty() || stripped.front() != '[') {
    return absl::InvalidArgumentError("it is not a JSON array of certificates");
  }
  google::protobuf::ListValue list;
  if (absl::Status parsed = FromJson(text, list); !parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is not JSON: ", parsed.message()));
  }
  std::vector<absl::StatusOr<v1::Certificate>> certificates;
  for (const google::protobuf::Value& value : list.values()) {
    v1::Certificate certificate;
    const absl::StatusOr<std::string> element = ToJson(value);
    const absl::Status status = element.ok() ? FromJson(*element, certificate) : element.status();
    if (status.ok()) {
      for (v1::InputError& error : *certificate.mutable_report()->mutable_worst()) RestoreZeros(error);
      for (v1::SpecialValue& special : *certificate.mutable_report()->mutable_special_values()) {
        RestoreZeros(*special.mutable_error());
      }
      certificates.emplace_back(std::move(certificate));
    } else {
      certificates.emplace_back(absl::InvalidArgumentError(absl::StrCat("it is no certificate: ", status.message())));
    }
  }
  return certificates;
}

}  // namespace actbench::client
