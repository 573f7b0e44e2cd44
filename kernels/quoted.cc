// SPDX-License-Identifier: Apache-2.0
#include "kernels/quoted.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace actbench {

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 80;
  size_t size = std::min(text.size(), kShown);
  while (size > 0 && size < text.size() && (text[size] & 0xc0) == 0x80) --size;  // in the middle of a UTF-8 sequence
  return absl::StrCat("\"", absl::Utf8SafeCEscape(absl::string_view(text.data(), size)), "\"");
}

}  // namespace actbench
