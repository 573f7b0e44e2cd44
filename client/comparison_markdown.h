// SPDX-License-Identifier: Apache-2.0
// A comparison as a Markdown summary, for CI jobs and comments. Tested by comparison_markdown_test.cc.
#ifndef ACTBENCH_CLIENT_COMPARISON_MARKDOWN_H_
#define ACTBENCH_CLIENT_COMPARISON_MARKDOWN_H_

#include <string>

#include "client/comparison.h"

namespace actbench::client {

// GitHub's Markdown: the verdict, the rows that changed or went wrong with their reasons, the notes, and folded the
// other rows and the fingerprint.
std::string ComparisonMarkdown(const Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARISON_MARKDOWN_H_
