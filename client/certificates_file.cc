// SPDX-License-Identifier: Apache-2.0
#include "client/certificates_file.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/format.h"
#include "client/npy.h"

namespace actbench::client {
namespace {

// Far more than a server stores.
constexpr size_t kMostBytes = size_t{1} << 30;

// protobuf's message without the excerpt of the text below it, and without the colon after the name of no field.
std::string Reason(const google::protobuf::util::Status& status) {
  const std::string message(status.message());
  absl::string_view line = absl::string_view(message).substr(0, message.find('\n'));
  absl::ConsumePrefix(&line, ":");
  return std::string(absl::StripAsciiWhitespace(line));
}

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

absl::StatusOr<std::string> ReadText(const std::string& path) {
  const File opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rbe"));
  std::FILE* const file = path == "-" ? stdin : opened.get();
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  std::string text;
  constexpr size_t kBlock = 1 << 16;
  for (std::string block(kBlock, '\0');;) {
    const size_t size = std::fread(block.data(), 1, kBlock, file);
    text.append(block, 0, size);
    if (text.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than ", kMostBytes, " bytes"));
    }
    if (size < kBlock) break;
  }
  if (std::ferror(file) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return text;
}

absl::StatusOr<std::string> CertificatesJson(absl::Span<const v1::Certificate> certificates) {
  std::vector<std::string> elements;
  for (const v1::Certificate& certificate : certificates) {
    const auto status = google::protobuf::util::MessageToJsonString(certificate, &elements.emplace_back());
    if (!status.ok()) return absl::InternalError(absl::StrCat(certificate.id(), ": ", Reason(status)));
  }
  return JsonLines(elements) + "\n";
}

absl::StatusOr<std::vector<absl::StatusOr<v1::Certificate>>> ParseCertificates(const std::string& text) {
  const absl::string_view stripped = absl::StripLeadingAsciiWhitespace(text);
  if (stripped.empty() || stripped.front() != '[') {
    return absl::InvalidArgumentError("it is not a JSON array of certificates");
  }
  google::protobuf::ListValue list;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &list);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("it is not JSON: ", Reason(parsed)));
  std::vector<absl::StatusOr<v1::Certificate>> certificates;
  for (const google::protobuf::Value& value : list.values()) {
    std::string element;
    v1::Certificate certificate;
    auto status = google::protobuf::util::MessageToJsonString(value, &element);
    if (status.ok()) status = google::protobuf::util::JsonStringToMessage(element, &certificate);
    if (status.ok()) {
      for (v1::InputError& error : *certificate.mutable_report()->mutable_worst()) RestoreZeros(error);
      for (v1::SpecialValue& special : *certificate.mutable_report()->mutable_special_values()) {
        RestoreZeros(*special.mutable_error());
      }
      certificates.emplace_back(std::move(certificate));
    } else {
      certificates.emplace_back(absl::InvalidArgumentError(absl::StrCat("it is no certificate: ", Reason(status))));
    }
  }
  return certificates;
}

}  // namespace actbench::client
