// SPDX-License-Identifier: Apache-2.0
#include "client/format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace actbench::client {
namespace {

constexpr size_t kLongestDecimal = 32;

// std::to_chars with its shortest form for the arguments.
template <class... Arguments>
std::string ToChars(Arguments... arguments) {
  std::array<char, kLongestDecimal> buffer;
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), arguments...);
  return std::string(buffer.data(), result.ptr);
}

// The standard library knows no 16-bit formats, but few digits are to be tried.
std::string Shortest16Bits(double value, Dtype dtype) {
  uint16_t wanted = 0;
  StoreElement(dtype, value, &wanted);
  for (int digits = 1;; ++digits) {
    std::string text = ToChars(value, std::chars_format::general, digits);
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    uint16_t got = 0;
    StoreElement(dtype, read, &got);
    if (got == wanted) return text;
  }
}

std::string FiniteShortestDecimal(double value, Dtype dtype) {
  switch (dtype) {
    case Dtype::kF64:
      return ToChars(value);
    case Dtype::kF32:
      return ToChars(static_cast<float>(value));
    case Dtype::kF16:
    case Dtype::kBF16:
      return Shortest16Bits(value, dtype);
  }
  return "";
}

// The dtype's number nearest to that of the text.
double ReadAs(Dtype dtype, const std::string& text) {
  uint64_t bits = 0;
  StoreElement(dtype, std::strtod(text.c_str(), nullptr), &bits);
  return LoadElement(dtype, &bits);
}

// Up to here four decimals can be those of 0.5.
constexpr double kNearHalf = 0.5001;

std::string TextAboveHalf(double ulp, UlpRounding rounding) {
  constexpr double kUnit = 1e7;
  const double scaled = ulp * kUnit;
  if (rounding == UlpRounding::kDown) return absl::StrFormat("%.7f", std::floor(scaled) / kUnit);
  const double rounded = rounding == UlpRounding::kUp ? std::ceil(scaled) : std::round(scaled);
  return absl::StrFormat("%.7f", std::max(rounded, kUnit / 2 + 1) / kUnit);
}

// Of UTF-8, counting code points; good enough for the few that are not ASCII.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string RoundedDecimal(double value, Dtype dtype) {
  if (std::isnan(value)) return "nan";
  const int digits = static_cast<int>(std::ceil((Info(dtype).precision - 1) * std::log10(2.0)));
  std::string text = absl::StrFormat("%.*g", digits, value);
  // The largest numbers may round beyond all of them.
  const bool is_largest = std::isfinite(value) && std::ilogb(value) == Info(dtype).max_exponent;
  for (int more = digits + 1; is_largest && std::isinf(ReadAs(dtype, text)); ++more) {
    text = absl::StrFormat("%.*g", more, value);
  }
  return text;
}

std::string ShortestDecimal(double value, Dtype dtype) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = FiniteShortestDecimal(value, dtype);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string UlpText(double ulp, UlpRounding rounding) {
  constexpr double kFewUlp = 1000;
  if (std::isinf(ulp)) return "inf";
  if (!(ulp < kFewUlp)) return absl::StrFormat("%.3e", ulp);
  if (ulp > 0.5 && ulp < kNearHalf) return TextAboveHalf(ulp, rounding);
  if (rounding == UlpRounding::kNearest) return absl::StrFormat("%.4f", ulp);
  // The small factor is for products that round beyond a whole number.
  const double scaled = ulp * 1e4;
  const double bound =
      rounding == UlpRounding::kUp ? std::ceil(scaled * (1 - 0x1p-50)) : std::floor(scaled * (1 + 0x1p-50));
  return absl::StrFormat("%.4f", bound / 1e4);
}

std::string JsonString(absl::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&result, "\\u%04x", static_cast<unsigned>(c));
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + '"';
}

std::string JsonNumber(double value, Dtype dtype) {
  const std::string text = ShortestDecimal(value, dtype);
  return std::isfinite(value) ? text : JsonString(text);
}

std::string JsonArray(absl::Span<const std::string> elements) {
  return absl::StrCat("[", absl::StrJoin(elements, ","), "]");
}

std::string JsonBoolean(bool value) { return value ? "true" : "false"; }

std::string JsonObject(absl::Span<const JsonMember> members) {
  return absl::StrCat("{",
                      absl::StrJoin(members, ",",
                                    [](std::string* out, const JsonMember& member) {
                                      absl::StrAppend(out, JsonString(member.first), ":", member.second);
                                    }),
                      "}");
}

std::string JsonNumbers(const std::map<std::string, double>& numbers) {
  std::vector<JsonMember> members;
  members.reserve(numbers.size());
  for (const auto& [name, value] : numbers) members.emplace_back(name, JsonNumber(value));
  return JsonObject(members);
}

std::string JsonLines(absl::Span<const std::string> elements) {
  if (elements.empty()) return "[]";
  return absl::StrCat("[\n  ", absl::StrJoin(elements, ",\n  "), "\n]");
}

std::string GroupedDecimal(int64_t value) {
  std::string text = absl::StrCat(value);
  const size_t first = value < 0 ? 1 : 0;
  for (size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string MeasuredDecimal(double value) {
  constexpr double kWhole = 99.95;
  constexpr double kHalfUnit = 1.0005;  // 9.995 is the least that is "10.0" and not "9.99"
  constexpr int kMostDecimals = 6;
  if (value >= kWhole) return GroupedDecimal(std::llround(value));
  if (!(value > 0)) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(value * kHalfUnit)));
  return absl::StrFormat("%.*f", std::min(2 - exponent, kMostDecimals), value);
}

std::string WholeSeconds(double seconds) { return GroupedDecimal(std::max(1LL, std::llround(seconds))); }

std::string PrefixedDecimal(double value) {
  constexpr double kStep = 1000;
  constexpr double kNearStep = 999.5;  // with three digits 1000
  const char* prefix = "";
  for (const char* larger : {" k", " M", " G"}) {
    if (value < kNearStep) break;
    value /= kStep;
    prefix = larger;
  }
  return absl::StrFormat("%.3g%s", value, prefix);
}

std::string AlignedLine(absl::Span<const Column> columns, absl::Span<const std::string> cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t width = Width(cells[i]);
    const size_t padding = columns[i].width - std::min(columns[i].width, width);
    absl::StrAppend(&line, i > 0 ? "  " : "", std::string(columns[i].right ? padding : 0, ' '), cells[i],
                    std::string(columns[i].right ? 0 : padding, ' '));
  }
  return absl::StrCat(line.substr(0, line.find_last_not_of(' ') + 1), "\n");
}

Table::Table(const std::vector<std::string>& header, const std::set<size_t>& right) {
  for (const std::string& name : header) columns_.push_back({name, right.count(columns_.size()) > 0, 0});
}

std::vector<std::string> Table::Header() const {
  std::vector<std::string> header;
  for (const Column& column : columns_) header.push_back(column.name);
  return header;
}

std::string Table::Aligned() const {
  std::vector<Column> columns = columns_;
  const auto widen = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) columns[i].width = std::max(columns[i].width, Width(row[i]));
  };
  widen(Header());
  for (const std::vector<std::string>& row : rows_) widen(row);

  std::string result = AlignedLine(columns, Header());
  for (const std::vector<std::string>& row : rows_) absl::StrAppend(&result, AlignedLine(columns, row));
  return result;
}

std::string Table::Markdown() const {
  const auto line = [](const std::vector<std::string>& row) {
    return absl::StrCat("| ",
                        absl::StrJoin(row, " | ",
                                      [](std::string* out, const std::string& cell) {
                                        absl::StrAppend(out, absl::StrReplaceAll(cell, {{"|", "\\|"}}));
                                      }),
                        " |\n");
  };
  std::string result = line(Header());
  absl::StrAppend(&result, "|");
  for (const Column& column : columns_) absl::StrAppend(&result, column.right ? " ---: |" : " --- |");
  absl::StrAppend(&result, "\n");
  for (const std::vector<std::string>& row : rows_) result += line(row);
  return result;
}

}  // namespace actbench::client
