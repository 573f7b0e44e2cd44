// SPDX-License-Identifier: Apache-2.0
// markup.h and svg.h.
#include "client/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/markup.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

TEST(MarkupTest, TextStandsForItself) {
  EXPECT_EQ(Escape("a < b && c > \"d\" 'e' ≥ ulp"), "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &#39;e&#39; ≥ ulp");
  EXPECT_EQ(Escape("&amp;"), "&amp;amp;");
}

TEST(MarkupTest, WhatXmlForbidsIsLeftOut) {
  EXPECT_EQ(Escape(std::string("a\0b\x01"
                               "c\x1b[0md\x7f\xef\xbf\xbf"
                               "e",
                               15)),
            "abc[0mde");
  EXPECT_EQ(Escape("tab\tline\nreturn\r"), "tab\tline\nreturn\r");
}

TEST(SvgTest, CoordinatesHaveTenths) {
  EXPECT_EQ(Px(12), "12");
  EXPECT_EQ(Px(0.26), "0.3");
  EXPECT_EQ(SvgText(1, 2, "end", "a<b", "quiet"),
            "<text x=\"1\" y=\"2\" text-anchor=\"end\" class=\"quiet\">a&lt;b</text>\n");
  EXPECT_EQ(SvgText(1, 2, "end", "a"), "<text x=\"1\" y=\"2\" text-anchor=\"end\">a</text>\n");
  EXPECT_EQ(SvgLine(1, 2, 3, 4, "grid"), "<line x1=\"1\" y1=\"2\" x2=\"3\" y2=\"4\" class=\"grid\"/>\n");
}

TEST(SvgTest, PowersOfTenAreShort) {
  EXPECT_EQ(PowerOfTen(0), "1");
  EXPECT_EQ(PowerOfTen(3), "1000");
  EXPECT_EQ(PowerOfTen(-2), "0.01");
  EXPECT_EQ(PowerOfTen(39), "10³⁹");
  EXPECT_EQ(PowerOfTen(-8), "10⁻⁸");
}

TEST(SvgTest, EachColorHasAPairForDarkGround) {
  const std::string style = PaletteStyle();
  const size_t dark = style.find("prefers-color-scheme: dark");
  ASSERT_NE(dark, std::string::npos);
  for (size_t i = 0; i < kColors; ++i) {
    const std::string rule = ".k" + std::to_string(i) + " { stroke: #";
    EXPECT_LT(style.find(rule), dark);
    EXPECT_NE(style.find(rule, dark), std::string::npos);
    EXPECT_THAT(style, HasSubstr(".m" + std::to_string(i) + " { fill: #"));
  }
}

}  // namespace
}  // namespace actbench::client
