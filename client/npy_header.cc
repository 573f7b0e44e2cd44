// SPDX-License-Identifier: Apache-2.0
#include "client/npy_header.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace actbench::client {
namespace {

// The first name of each dtype is the one that is written.
constexpr std::array<std::pair<absl::string_view, Dtype>, 5> kDescriptions = {{
    {"<f8", Dtype::kF64},
    {"<f4", Dtype::kF32},
    {"<f2", Dtype::kF16},
    {"<V2", Dtype::kBF16},
    {"|V2", Dtype::kBF16},
}};

using Shape = std::vector<int64_t>;
using Value = std::variant<std::string, bool, Shape>;

// Reads the subset of Python's literals that these headers consist of. A method that fails consumes nothing of use: the
// caller gives up.
class Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  // {'key': value, ...}, nothing after it but space.
  std::optional<std::map<std::string, Value>> Dictionary() {
    std::map<std::string, Value> result;
    if (!Consume("{")) return std::nullopt;
    while (!Consume("}")) {
      const std::optional<std::string> key = String();
      if (!key.has_value() || !Consume(":")) return std::nullopt;
      std::optional<Value> value = AnyValue();
      if (!value.has_value() || !result.emplace(*key, *std::move(value)).second) return std::nullopt;
      if (!Consume(",") && !Peek("}")) return std::nullopt;
    }
    SkipSpace();
    if (!rest_.empty()) return std::nullopt;
    return result;
  }

 private:
  std::optional<Value> AnyValue() {
    if (Consume("True")) return true;
    if (Consume("False")) return false;
    if (Peek("(")) return Tuple();
    if (Peek("[")) return List();
    return String();
  }

  std::optional<std::string> String() {
    SkipSpace();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return std::nullopt;
    const size_t end = rest_.find(rest_[0], 1);
    if (end == absl::string_view::npos) return std::nullopt;
    std::string result(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return result;
  }

  // The fields of a structured dtype, kept as text for the message.
  std::optional<Value> List() {
    const size_t length = rest_.rfind(']') + 1;
    if (length == 0) return std::nullopt;
    const std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return text;
  }

  // Kept as text too where it is a number in parentheses.
  std::optional<Value> Tuple() {
    Shape shape;
    bool comma = true;
    Consume("(");
    while (!Consume(")")) {
      SkipSpace();
      const size_t length = std::min(rest_.find_first_of(",) \t\n"), rest_.size());
      int64_t dimension = 0;
      // NumPy on Python 2 wrote "2L".
      if (!absl::SimpleAtoi(absl::StripSuffix(rest_.substr(0, length), "L"), &dimension)) return std::nullopt;
      rest_.remove_prefix(length);
      shape.push_back(dimension);
      comma = Consume(",");
      if (!comma && !Peek(")")) return std::nullopt;
    }
    if (shape.size() == 1 && !comma) return absl::StrCat("(", shape[0], ")");
    return shape;
  }

  void SkipSpace() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }
  bool Peek(absl::string_view token) {
    SkipSpace();
    return absl::StartsWith(rest_, token);
  }
  bool Consume(absl::string_view token) {
    if (!Peek(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  absl::string_view rest_;
};

absl::StatusOr<Dtype> DtypeOf(const std::string& description) {
  for (const auto& [name, dtype] : kDescriptions) {
    if (name == description) return dtype;
  }
  absl::string_view reason = "has the dtype";
  if (absl::StartsWith(description, ">")) reason = "is big-endian:";
  if (absl::StrContains(description, "O")) reason = "holds Python objects:";
  if (absl::StartsWith(description, "[")) reason = "is a structured array:";
  return absl::InvalidArgumentError(
      absl::StrCat("the array ", reason, " ", description, "; supported are '",
                   absl::StrJoin(kDescriptions, "' '",
                                 [](std::string* out, const auto& known) { absl::StrAppend(out, known.first); }),
                   "' (the last two are bf16)"));
}

bool SameInBothOrders(const Shape& shape) {
  return std::count(shape.begin(), shape.end(), 0) != 0 ||
         std::count(shape.begin(), shape.end(), 1) + 1 >= static_cast<std::ptrdiff_t>(shape.size());
}

}  // namespace

absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view text) {
  const std::optional<std::map<std::string, Value>> header = Parser(text).Dictionary();
  if (!header.has_value()) return absl::InvalidArgumentError("the header is not a dictionary as NumPy writes it");
  const auto find = [&]<class T>(const std::string& key, const T*& value) {
    const auto entry = header->find(key);
    value = entry == header->end() ? nullptr : std::get_if<T>(&entry->second);
    return value != nullptr;
  };
  const std::string* description = nullptr;
  const bool* fortran_order = nullptr;
  const Shape* shape = nullptr;
  const std::string* no_shape = nullptr;
  if (find("shape", no_shape)) {
    return absl::InvalidArgumentError(absl::StrCat("the shape in the header is ", *no_shape, ", which is no tuple"));
  }
  if (!find("descr", description) || !find("fortran_order", fortran_order) || !find("shape", shape) ||
      header->size() != 3) {
    return absl::InvalidArgumentError("the header does not have the keys descr, fortran_order and shape and no others");
  }
  const absl::StatusOr<Dtype> dtype = DtypeOf(*description);
  if (!dtype.ok()) return dtype.status();
  if (*fortran_order && !SameInBothOrders(*shape)) {
    return absl::InvalidArgumentError("the array is in Fortran order; save numpy.ascontiguousarray(x)");
  }
  return NpyHeader{*dtype, *shape};
}

std::string FormatNpyHeader(Dtype dtype, absl::Span<const int64_t> shape) {
  const auto* description = std::find_if(kDescriptions.begin(), kDescriptions.end(),
                                         [&](const auto& known) { return known.second == dtype; });
  return absl::StrCat("{'descr': '", description->first, "', 'fortran_order': False, 'shape': (",
                      absl::StrJoin(shape, ", "), shape.size() == 1 ? ",)" : ")", ", }");
}

}  // namespace actbench::client
