// SPDX-License-Identifier: Apache-2.0
// Text that commands print: numbers, tables and JSON. Tested by format_test.cc.
#ifndef ACTBENCH_CLIENT_FORMAT_H_
#define ACTBENCH_CLIENT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kernels/dtype.h"

namespace actbench::client {

// For people: as many significant digits as say which neighbourhood of the dtype a value is in (f64 16, f32 7, f16 4,
// bf16 3), such as "-0.3333333" or "nan". What would read as infinity has more.
std::string RoundedDecimal(double value, Dtype dtype);

// For programs: the shortest decimal that, rounded to the dtype, gives back `value`, which must be one of the dtype's.
// With a point or an exponent, so that no reader takes it for an integer and loses the sign of zero.
// Non-finite values: NaN, Infinity, -Infinity.
std::string ShortestDecimal(double value, Dtype dtype);

// An error in ulp for people: below 1,000 in four decimals, else with a power of ten, or "inf". Errors of a measurement
// at all inputs are rounded up, the maximum and those of single inputs alike, so that none is shown smaller than it is;
// where only some inputs were measured, and the maximum is a lower bound of the kernel's, down; means to nearest. Just
// above 0.5 there are seven decimals, as a kernel is or is not correctly rounded there: 0.5000001 at least, rounded
// down 0.5000000.
enum class UlpRounding { kNearest, kUp, kDown };
std::string UlpText(double ulp, UlpRounding rounding = UlpRounding::kNearest);

// With a comma between each three digits: 4,294,967,296.
std::string GroupedDecimal(int64_t value);

// A measured number, 0 or more, for people, without an exponent: three significant digits, but at most six decimals,
// and from 100 on a whole number: "0.00213", "21.3", "12,345".
std::string MeasuredDecimal(double value);

// How long something took, for people, in whole seconds: "26"; what is less than one is "1".
std::string WholeSeconds(double seconds);

// With three digits and a prefix of the SI from k to G: "819 M", "4.1 k", "12". A unit is to follow.
std::string PrefixedDecimal(double value);

// JSON, made of texts that already are JSON. Not by a library: nlohmann-json prints some numbers with 17 digits, and it
// knows no shortest decimals of f32, f16 and bf16.
using JsonMember = std::pair<std::string, std::string>;
std::string JsonString(absl::string_view text);
std::string JsonNumber(double value, Dtype dtype = Dtype::kF64);  // non-finite: a string
std::string JsonBoolean(bool value);
std::string JsonArray(absl::Span<const std::string> elements);
std::string JsonObject(absl::Span<const JsonMember> members);
std::string JsonNumbers(const std::map<std::string, double>& numbers);  // an object with the names as members
// One element on each line: for long arrays of objects.
std::string JsonLines(absl::Span<const std::string> elements);

// A column of a table for terminals.
struct Column {
  std::string name;
  bool right = false;  // whether its cells stand at its right side, as numbers do
  size_t width = 0;    // at least; in characters
};

// The cells side by side, with a newline. Those that are wider than their column push the rest to the right.
std::string AlignedLine(absl::Span<const Column> columns, absl::Span<const std::string> cells);

class Table {
 public:
  // `right`: the columns whose cells stand at their right side.
  explicit Table(const std::vector<std::string>& header, const std::set<size_t>& right = {});
  // REQUIRES: as many cells as there are columns.
  void AddRow(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  // Columns side by side, for terminals.
  std::string Aligned() const;
  std::string Markdown() const;

 private:
  std::vector<std::string> Header() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_FORMAT_H_
