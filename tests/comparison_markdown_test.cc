// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handmade_comparison.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ComparisonMarkdownTest, TheVerdictIsFirst) {
  EXPECT_THAT(
      ComparisonMarkdown(MakeHandmadeComparison()),
      StartsWith(
          "### REGRESSION: 1 slower, 2 less accurate; 1 failed, 1 accuracy not measured; 2 the same, 2 "
          "faster, 1 ambiguous, 1 worse as accepted, 1 skipped; could have seen 4.1 % or more\n\n"
          "`a|b/head.so` against `base.so` on A &lt;Processor> &amp; Co, 2025-11-25 14:03 UTC, in turns "
          "in the same processes, 13 s; differences below 3 % do not matter.\n\n"
          "| case | base ns/element | head ns/element | head to base | could see | speed | accuracy | reason |\n"));
}

TEST(ComparisonMarkdownTest, WhatChangedIsShownAndTheRestFolded) {
  const std::string text = ComparisonMarkdown(MakeHandmadeComparison());
  const size_t folded = text.find("<details><summary>1 the same</summary>\n\n");
  ASSERT_NE(folded, std::string::npos);
  const std::string shown = text.substr(0, folded);
  EXPECT_THAT(shown, HasSubstr("| **sigmoid/forward/f32/exact/avx2** | 0.125 | 0.131 | +4.7 % (+3.9 to +5.5) | 4.1 % | "
                               "SLOWER | WORSE: bits of 1,234 outputs changed |  |\n"));
  EXPECT_THAT(shown, HasSubstr("| slower (accepted) |"));
  EXPECT_THAT(shown, HasSubstr("| ambiguous |  | the interval holds 1.03 after 64 processes |"));
  EXPECT_THAT(shown, HasSubstr("| skipped |  | only BASE has &lt;it> &amp; \\| no other |"));
  EXPECT_THAT(shown, HasSubstr("Controls: BASE against its copy +0.1 %"));
  EXPECT_THAT(shown, Not(HasSubstr("fast/avx512 |")));
  EXPECT_THAT(text.substr(folded), HasSubstr("| sigmoid/forward/f32/fast/avx512 |"));
}

TEST(ComparisonMarkdownTest, TheFingerprintIsAtTheEnd) {
  EXPECT_THAT(ComparisonMarkdown(MakeHandmadeComparison()),
              HasSubstr("<details><summary>Fingerprint 0123456789abcdef</summary>\n\n| what times depend on |  |\n"));
  EXPECT_THAT(ComparisonMarkdown({}), Not(HasSubstr("<details>")));
}

}  // namespace
}  // namespace actbench::client
