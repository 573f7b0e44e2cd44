// SPDX-License-Identifier: Apache-2.0
// Text inside XML, SVG, HTML and Markdown. Tested by svg_test.cc and report_markdown_test.cc.
#ifndef ACTBENCH_CLIENT_MARKUP_H_
#define ACTBENCH_CLIENT_MARKUP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace actbench::client {

// UTF-8 as the content of an element or of an attribute in double quotes. What XML 1.0 forbids, such as most control
// characters, is left out.
std::string Escape(absl::string_view text);

// Of GitHub's Markdown: text that stands for itself, in one line. Table::Markdown (format.h) takes care of |.
std::string PlainMarkdown(absl::string_view text);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_MARKUP_H_
