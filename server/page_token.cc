// SPDX-License-Identifier: Apache-2.0
#include "server/page_token.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <xxhash.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace actbench {
namespace {

// A token is the place in hexadecimal, and a hash of it and the filter.
std::string TokenHash(const std::string& place, std::string_view filter) {
  return HashText(absl::StrCat(place, ",", std::string(filter)), 0);
}

}  // namespace

std::string HashText(std::string_view bytes, uint64_t seed) {
  return absl::StrFormat("%016x", XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

std::string SerializeDeterministically(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

int64_t TimeUs(const google::protobuf::Timestamp& time) {
  constexpr int64_t kFirst = -62'135'596'800;  // 0001-01-01
  constexpr int64_t kLast = 253'402'300'799;   // 9999-12-31
  return std::clamp(time.seconds(), kFirst, kLast) * 1'000'000 + std::clamp(time.nanos(), 0, 999'999'999) / 1000;
}

std::string ToPageToken(const PagePlace& place, std::string_view filter) {
  const std::string text = absl::StrFormat("%016x%s", static_cast<uint64_t>(place.time_us), place.id);
  return absl::StrCat(text, TokenHash(text, filter));
}

absl::StatusOr<PagePlace> FromPageToken(const std::string& token, std::string_view filter) {
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

absl::StatusOr<int> PageSize(int asked, int usual, int most) {
  if (asked < 0) return absl::InvalidArgumentError(absl::StrCat("page_size is ", asked, "; it must be at least 0"));
  return asked == 0 ? usual : std::min(asked, most);
}

}  // namespace actbench
