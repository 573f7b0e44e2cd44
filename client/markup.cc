// SPDX-License-Identifier: Apache-2.0
#include "client/markup.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace actbench::client {
namespace {

// DEL is allowed, but nobody wants to see it.
bool IsForbidden(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7f;
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string escaped = absl::StrReplaceAll(text, {{"&", "&amp;"},
                                                   {"<", "&lt;"},
                                                   {">", "&gt;"},
                                                   {"\"", "&quot;"},
                                                   {"'", "&#39;"},
                                                   {"\xef\xbf\xbe", ""},    // U+FFFE
                                                   {"\xef\xbf\xbf", ""}});  // U+FFFF
  escaped.erase(std::remove_if(escaped.begin(), escaped.end(), IsForbidden), escaped.end());
  return escaped;
}

std::string PlainMarkdown(absl::string_view text) {
  std::string plain = absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                                 {"`", "\\`"},
                                                 {"*", "\\*"},
                                                 {"[", "\\["},
                                                 {"]", "\\]"},
                                                 {"~", "\\~"},
                                                 {"#", "\\#"},
                                                 {"<", "&lt;"},
                                                 {"&", "&amp;"},
                                                 {"@", "&#64;"},  // mentions nobody
                                                 {"\n", " "}});
  plain.erase(std::remove_if(plain.begin(), plain.end(), absl::ascii_iscntrl), plain.end());
  // Inside a word, as in gelu_erf, it means nothing.
  for (size_t i = plain.size(); i-- > 0;) {
    const bool inside =
        i > 0 && i + 1 < plain.size() && absl::ascii_isalnum(plain[i - 1]) && absl::ascii_isalnum(plain[i + 1]);
    if (plain[i] == '_' && !inside) plain.insert(i, 1, '\\');
  }
  return plain;
}

}  // namespace actbench::client
