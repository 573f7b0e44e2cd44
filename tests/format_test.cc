// SPDX-License-Identifier: Apache-2.0
#include "client/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client/timestamp.h"

namespace actbench::client {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(FormatTest, RoundedDecimalsHaveTheDigitsOfTheirDtype) {
  EXPECT_EQ(RoundedDecimal(static_cast<float>(-1.0 / 3), Dtype::kF32), "-0.3333333");
  EXPECT_EQ(RoundedDecimal(1.0 / 3, Dtype::kF64), "0.3333333333333333");
  EXPECT_EQ(RoundedDecimal(0.333251953125, Dtype::kF16), "0.3333");
  EXPECT_EQ(RoundedDecimal(0.333984375, Dtype::kBF16), "0.334");
  EXPECT_EQ(RoundedDecimal(4, Dtype::kF32), "4");
  EXPECT_EQ(RoundedDecimal(std::nan(""), Dtype::kF32), "nan");
  EXPECT_EQ(RoundedDecimal(-std::nan(""), Dtype::kF32), "nan");
  EXPECT_EQ(RoundedDecimal(-kInfinity, Dtype::kF32), "-inf");
}

TEST(FormatTest, RoundedDecimalsOfTheLargestNumbersAreFinite) {
  EXPECT_EQ(RoundedDecimal(std::numeric_limits<double>::max(), Dtype::kF64), "1.7976931348623157e+308");
  EXPECT_EQ(RoundedDecimal(std::numeric_limits<double>::lowest(), Dtype::kF64), "-1.7976931348623157e+308");
  EXPECT_EQ(RoundedDecimal(65504, Dtype::kF16), "6.55e+04");
  for (const DtypeInfo& info : AllDtypes()) {
    const double largest = std::ldexp(2 - std::ldexp(1, 1 - info.precision), info.max_exponent);
    uint64_t read = 0;
    StoreElement(info.dtype, std::strtod(RoundedDecimal(largest, info.dtype).c_str(), nullptr), &read);
    EXPECT_TRUE(std::isfinite(LoadElement(info.dtype, &read))) << info.name;
  }
}

TEST(FormatTest, ShortestDecimalsAreShortAndKeepTheSignOfZero) {
  EXPECT_EQ(ShortestDecimal(0.1, Dtype::kF64), "0.1");
  EXPECT_EQ(ShortestDecimal(0.1f, Dtype::kF32), "0.1");
  EXPECT_EQ(ShortestDecimal(0.0999755859375, Dtype::kF16), "0.1");
  EXPECT_EQ(ShortestDecimal(0.10009765625, Dtype::kBF16), "0.1");
  EXPECT_EQ(ShortestDecimal(-0.0, Dtype::kF32), "-0.0");
  EXPECT_EQ(ShortestDecimal(3, Dtype::kF16), "3.0");
  EXPECT_EQ(ShortestDecimal(0x1p-24, Dtype::kF16), "6e-08");
  EXPECT_EQ(ShortestDecimal(5e-324, Dtype::kF64), "5e-324");
  EXPECT_EQ(ShortestDecimal(kInfinity, Dtype::kF16), "Infinity");
}

TEST(FormatTest, ShortestDecimalsRoundTripInEveryDtype) {
  std::mt19937_64 random(1);
  for (const DtypeInfo& info : AllDtypes()) {
    for (int i = 0; i < 65536; ++i) {
      // Every pattern of the 16-bit dtypes, random ones of the others.
      const uint64_t bits = info.size_bytes == 2 ? static_cast<uint64_t>(i) : random();
      const double value = LoadElement(info.dtype, &bits);
      if (!std::isfinite(value)) continue;
      const std::string text = ShortestDecimal(value, info.dtype);
      uint64_t read = 0;
      StoreElement(info.dtype, std::strtod(text.c_str(), nullptr), &read);
      ASSERT_EQ(LoadBits(info.dtype, &read), LoadBits(info.dtype, &bits)) << text << " in " << info.name;
    }
  }
}

TEST(FormatTest, JsonEscapesAndQuotesNonFiniteNumbers) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01 \xc3\xa9"), "\"a\\\"b\\\\c\\u000a\\u0001 \xc3\xa9\"");
  EXPECT_EQ(JsonNumber(std::nan("")), "\"NaN\"");
  EXPECT_EQ(JsonNumber(-kInfinity), "\"-Infinity\"");
  EXPECT_EQ(JsonObject({{"a", JsonNumber(1.5)}, {"b", JsonArray({JsonString("x"), "2"})}}), R"({"a":1.5,"b":["x",2]})");
  EXPECT_EQ(JsonLines({}), "[]");
  EXPECT_EQ(JsonLines({"1", "2"}), "[\n  1,\n  2\n]");
}

TEST(FormatTest, TablesAlignAndEscape) {
  Table table({"name", "what"});
  table.AddRow({"\xc3\xa9lu", "|x|"});
  table.AddRow({"sigmoid", ""});
  EXPECT_EQ(table.Aligned(), "name     what\n\xc3\xa9lu      |x|\nsigmoid\n");
  EXPECT_EQ(table.Markdown(), "| name | what |\n| --- | --- |\n| \xc3\xa9lu | \\|x\\| |\n| sigmoid |  |\n");
}

TEST(FormatTest, NumbersStandAtTheRightOfTheirColumns) {
  Table table({"what", "n", "note"}, /*right=*/{1});
  table.AddRow({"a", "1,000", "-"});
  table.AddRow({"bbbbb", "2", ""});
  EXPECT_EQ(table.Aligned(), "what       n  note\na      1,000  -\nbbbbb      2\n");
  EXPECT_EQ(table.Markdown(), "| what | n | note |\n| --- | ---: | --- |\n| a | 1,000 | - |\n| bbbbb | 2 |  |\n");
  const Column columns[] = {{"a", false, 3}, {"b", true, 3}};
  EXPECT_EQ(AlignedLine(columns, {"1", "2"}), "1      2\n");
  EXPECT_EQ(AlignedLine(columns, {"12345", "2"}), "12345    2\n");
}

TEST(FormatTest, UlpAreRoundedAsAskedFor) {
  EXPECT_EQ(UlpText(0.12344), "0.1234");
  EXPECT_EQ(UlpText(0.12344, UlpRounding::kUp), "0.1235");
  EXPECT_EQ(UlpText(0.12346, UlpRounding::kDown), "0.1234");
  EXPECT_EQ(UlpText(0.3, UlpRounding::kDown), "0.3000");
  EXPECT_EQ(UlpText(1234.5), "1.234e+03");
  EXPECT_EQ(UlpText(kInfinity, UlpRounding::kDown), "inf");
}

TEST(FormatTest, WhatIsAboveHalfAnUlpIsNeverShownAsHalf) {
  const double least = std::nextafter(0.5, 1.0);
  for (const double ulp : {least, 0.5 + 1e-12, 0.50000001, 0.50000003, 0.5000001, 0.50001, 0.50005, 0.50009, 0.5001}) {
    for (const UlpRounding rounding : {UlpRounding::kNearest, UlpRounding::kUp, UlpRounding::kDown}) {
      const std::string text = UlpText(ulp, rounding);
      const double read = std::strtod(text.c_str(), nullptr);
      EXPECT_NE(text, UlpText(0.5)) << text;
      EXPECT_NEAR(read, ulp, 1e-4) << text;
      if (rounding == UlpRounding::kUp) {
        EXPECT_GE(read, ulp) << text;
      } else if (rounding == UlpRounding::kDown) {
        EXPECT_LE(read, ulp) << text;
      } else {
        EXPECT_GT(read, 0.5) << text;
      }
      EXPECT_LE(text.size(), 9u) << "columns are as wide";
    }
  }
  EXPECT_EQ(UlpText(0.5), "0.5000");
  EXPECT_EQ(UlpText(0.50000012), "0.5000001");
  EXPECT_EQ(UlpText(least), "0.5000001");
  EXPECT_EQ(UlpText(least, UlpRounding::kDown), "0.5000000");
  EXPECT_EQ(UlpText(least, UlpRounding::kUp), "0.5000001");
}

TEST(FormatTest, LongNumbersAreGrouped) {
  EXPECT_EQ(GroupedDecimal(0), "0");
  EXPECT_EQ(GroupedDecimal(999), "999");
  EXPECT_EQ(GroupedDecimal(-1000), "-1,000");
  EXPECT_EQ(GroupedDecimal(-100), "-100");
  EXPECT_EQ(GroupedDecimal(4294967296), "4,294,967,296");
  EXPECT_EQ(GroupedDecimal(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(TimestampTest, TimesAreInUtc) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(1764079391);
  timestamp.set_nanos(999999999);
  EXPECT_EQ(TimeText(ToTime(timestamp)), "2025-11-25 14:03 UTC");
  EXPECT_EQ(Rfc3339(ToTime(timestamp)), "2025-11-25T14:03:11Z");
}

TEST(FormatTest, SecondsAreWholeAndNotNone) {
  EXPECT_EQ(WholeSeconds(0), "1");
  EXPECT_EQ(WholeSeconds(0.2), "1");
  EXPECT_EQ(WholeSeconds(25.4), "25");
  EXPECT_EQ(WholeSeconds(25.6), "26");
  EXPECT_EQ(WholeSeconds(3600.1), "3,600");
}

TEST(FormatTest, MeasuredNumbersHaveThreeDigitsAndNoExponent) {
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{{0, "0"},
                                                                               {1e-9, "0.000000"},
                                                                               {0.00012345, "0.000123"},
                                                                               {0.0021349, "0.00213"},
                                                                               {0.99949, "0.999"},
                                                                               {0.9996, "1.00"},
                                                                               {9.994, "9.99"},
                                                                               {9.996, "10.0"},
                                                                               {21.349, "21.3"},
                                                                               {99.94, "99.9"},
                                                                               {99.96, "100"},
                                                                               {12345.6, "12,346"}}) {
    EXPECT_EQ(MeasuredDecimal(value), text);
  }
}

TEST(FormatTest, LargeNumbersHaveAPrefix) {
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{{0, "0"},
                                                                               {12.345, "12.3"},
                                                                               {999.4, "999"},
                                                                               {999.6, "1 k"},
                                                                               {4096, "4.1 k"},
                                                                               {8.19e8, "819 M"},
                                                                               {2.5e10, "25 G"}}) {
    EXPECT_EQ(PrefixedDecimal(value), text);
  }
}

TEST(FormatTest, NumbersByNameAreAnObject) {
  EXPECT_EQ(JsonNumbers({}), "{}");
  EXPECT_EQ(JsonNumbers({{"b", 1.5}, {"a", HUGE_VAL}}), R"({"a":"Infinity","b":1.5})");
}

}  // namespace
}  // namespace actbench::client
