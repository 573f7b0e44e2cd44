// SPDX-License-Identifier: Apache-2.0
// Text inside XML, SVG and HTML. Tested by svg_test.cc.
#ifndef ACTBENCH_CLIENT_MARKUP_H_
#define ACTBENCH_CLIENT_MARKUP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace actbench::client {

// UTF-8 as the content of an element or of an attribute in double quotes. What XML 1.0 forbids, such as most control
// characters, is left out.
std::string Escape(absl::string_view text);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_MARKUP_H_
