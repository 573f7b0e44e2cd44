// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/tensor.h"
#include "client/timestamp.h"
#include "proto/dtype.h"
#include "proto/kernel.h"

namespace actbench::client {
namespace {

// The longest that ModeText gives of gradients, and of the other direction.
constexpr char kUnitUpstream[] = "exhaustive, dy = 1";
constexpr char kExhaustive[] = "exhaustive";

// Of all errors of a measurement, so that the worst input's is shown as the maximum is.
UlpRounding RoundingOf(absl::string_view mode) { return IsExhaustive(mode) ? UlpRounding::kUp : UlpRounding::kDown; }

std::string ErrorCell(const v1::InputError& error, const v1::Certificate& certificate) {
  return UlpText(error.ulp(), RoundingOf(certificate.mode()));
}

// A round number of inputs as the power of two that it is.
std::string CountText(int64_t count) {
  const auto bits = static_cast<uint64_t>(count);
  if (count >= int64_t{1} << 16 && std::has_single_bit(bits)) return absl::StrCat("2^", std::countr_zero(bits));
  return GroupedDecimal(count);
}

// The characters that an input and its bits take, of a gradient with a short dy.
size_t InputWidth(const v1::Kernel& kernel) {
  const Dtype dtype = FromProto(kernel.dtype()).value_or(Dtype::kF64);
  const size_t number = RoundedDecimal(-std::ldexp(4.0 / 3, Info(dtype).min_exponent), dtype).size();
  const size_t digits = 2 * SizeBytes(dtype) + 2;
  const size_t dy = kernel.direction() == v1::DIRECTION_GRADIENT ? absl::string_view(", dy 1 ").size() + digits : 0;
  return number + 1 + digits + dy;
}

bool IsSubnormal(const v1::BinadeError& binade, const DtypeInfo& info) { return binade.exponent() < info.min_exponent; }

// Of the inputs from this power of two to the next.
std::string BinadeName(const v1::BinadeError& binade, const DtypeInfo& info) {
  return absl::StrCat(binade.negative() ? "-" : "",
                      IsSubnormal(binade, info) ? "0 and subnormal" : absl::StrCat("2^", binade.exponent()));
}

// Binades that are beside each other and look the same.
struct BinadeRange {
  const v1::BinadeError* first;
  const v1::BinadeError* last;
  int64_t checked;
  std::string max_ulp;
  std::string mean_ulp;
};

// Whether the binade goes on where the range ends. That of the subnormal numbers is none of a power of two.
bool Continues(const BinadeRange& range, const BinadeRange& next, const DtypeInfo& info) {
  const v1::BinadeError& a = *range.last;
  const v1::BinadeError& b = *next.first;
  return !IsSubnormal(a, info) && !IsSubnormal(b, info) && a.negative() == b.negative() &&
         std::abs(a.exponent() - b.exponent()) == 1 && range.max_ulp == next.max_ulp && range.mean_ulp == next.mean_ulp;
}

std::vector<BinadeRange> FoldBinades(const v1::Certificate& certificate, const DtypeInfo& info) {
  const UlpRounding rounding = RoundingOf(certificate.mode());
  std::vector<BinadeRange> ranges;
  for (const v1::BinadeError& binade : certificate.report().binades()) {
    BinadeRange one = {.first = &binade,
                       .last = &binade,
                       .checked = binade.checked(),
                       .max_ulp = UlpText(binade.max_ulp(), rounding),
                       .mean_ulp = UlpText(binade.mean_ulp())};
    if (!ranges.empty() && Continues(ranges.back(), one, info)) {
      ranges.back().last = one.last;
      ranges.back().checked += one.checked;
    } else {
      ranges.push_back(std::move(one));
    }
  }
  return ranges;
}

std::string Title(const v1::Certificate& certificate) { return absl::StrCat("\n", certificate.kernel().name(), "\n"); }

}  // namespace

bool IsExhaustive(absl::string_view mode) { return absl::StartsWith(mode, "exhaustive"); }

bool IsExhaustive(const v1::Certificate& certificate) { return IsExhaustive(certificate.mode()); }

Dtype DtypeOf(const v1::Certificate& certificate) {
  return FromProto(certificate.kernel().dtype()).value_or(Dtype::kF64);
}

std::string MaxUlpText(double max_ulp, absl::string_view mode) {
  return absl::StrCat(IsExhaustive(mode) || std::isinf(max_ulp) ? "" : ">=", UlpText(max_ulp, RoundingOf(mode)));
}

std::string MaxUlpText(const v1::Certificate& certificate) {
  return MaxUlpText(certificate.report().max_ulp(), certificate.mode());
}

std::string ModeText(const v1::Certificate& certificate) {
  return absl::StrReplaceAll(certificate.mode(), {{"_unit_upstream", ", dy = 1"}});
}

std::string SecondsText(const v1::Certificate& certificate) {
  const double seconds = certificate.seconds();
  return seconds < 0.1 ? absl::StrFormat("%.2g", seconds) : absl::StrFormat("%.2f", seconds);
}

std::string WrongText(const v1::AccuracyReport& report) {
  const std::pair<const char*, int64_t> counts[] = {{"NaN", report.wrong_nan()},
                                                    {"inf", report.wrong_inf()},
                                                    {"zero", report.spurious_zero()},
                                                    {"sign", report.wrong_sign()},
                                                    {"falls", report.falls()}};
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    if (count != 0) parts.push_back(absl::StrCat(name, " ", GroupedDecimal(count)));
  }
  return parts.empty() ? "-" : absl::StrJoin(parts, ", ");
}

std::string InputText(const v1::Certificate& certificate, const v1::InputError& error) {
  const int n = std::min(error.inputs_size(), error.input_bits_size());
  const std::vector<std::string> names = InputNames(certificate.kernel().direction(), n);
  std::string text;
  for (int i = 0; i < std::min(n, static_cast<int>(names.size())); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : absl::StrCat(", ", names[i], " "),
                    RoundedDecimal(error.inputs(i), DtypeOf(certificate)), " ", error.input_bits(i));
  }
  return text;
}

AccuracyTable::AccuracyTable(absl::Span<const v1::Kernel> kernels)
    : columns_({{"kernel", false, 0},
                {"inputs", true, 9},
                {"mode", false, 0},
                {"max ulp", true, 11},
                {"at x", false, 0},
                {"mean ulp", true, 9},
                {"misrounded", true, 13},
                {"output hash", false, 16},
                {"seconds", true, 7},
                {"wrong", false, 0}}) {
  for (const v1::Kernel& kernel : kernels) {
    const absl::string_view mode = kernel.direction() == v1::DIRECTION_GRADIENT ? kUnitUpstream : kExhaustive;
    columns_[0].width = std::max(columns_[0].width, kernel.name().size());
    columns_[2].width = std::max(columns_[2].width, mode.size());
    columns_[4].width = std::max(columns_[4].width, InputWidth(kernel));
  }
}

std::string AccuracyTable::Header() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  return AlignedLine(columns_, names);
}

std::string AccuracyTable::Line(const v1::Certificate& certificate, bool stored) const {
  const v1::AccuracyReport& report = certificate.report();
  const bool has_worst = report.max_ulp() > 0 && report.worst_size() > 0;
  const std::string wrong = WrongText(report);
  return AlignedLine(
      columns_,
      {certificate.kernel().name(), CountText(report.checked()), ModeText(certificate), MaxUlpText(certificate),
       has_worst ? InputText(certificate, report.worst(0)) : "-", UlpText(report.mean_ulp()),
       GroupedDecimal(report.misrounded()), report.output_hash(), SecondsText(certificate),
       stored ? absl::StrCat(wrong, "  (certificate of ", TimeText(ToTime(certificate.time())), ")") : wrong});
}

std::string BinadesText(const v1::Certificate& certificate) {
  Table table({"binade of x", "checked", "max ulp", "mean ulp"}, /*right=*/{0, 1, 2, 3});
  const DtypeInfo& info = Info(DtypeOf(certificate));
  for (const BinadeRange& range : FoldBinades(certificate, info)) {
    const std::string first = BinadeName(*range.first, info);
    table.AddRow({range.first == range.last ? first : absl::StrCat(first, "..", BinadeName(*range.last, info)),
                  GroupedDecimal(range.checked), range.max_ulp, range.mean_ulp});
  }
  return Title(certificate) + table.Aligned();
}

std::string SpecialValuesText(const v1::Certificate& certificate) {
  const Dtype dtype = DtypeOf(certificate);
  Table table({"special value", "x", "got", "expected", "ulp"}, /*right=*/{4});
  for (const v1::SpecialValue& value : certificate.report().special_values()) {
    const v1::InputError& error = value.error();
    table.AddRow({value.name(), InputText(certificate, error), RoundedDecimal(error.got(), dtype),
                  RoundedDecimal(error.expected(), dtype), ErrorCell(error, certificate)});
  }
  return Title(certificate) + table.Aligned();
}

std::string WorstText(const v1::Certificate& certificate) {
  const Dtype dtype = DtypeOf(certificate);
  Table table({"worst x", "got", "expected", "ulp"}, /*right=*/{3});
  for (const v1::InputError& error : certificate.report().worst()) {
    table.AddRow({InputText(certificate, error),
                  absl::StrCat(RoundedDecimal(error.got(), dtype), " ", error.got_bits()),
                  absl::StrCat(RoundedDecimal(error.expected(), dtype), " ", error.expected_bits()),
                  ErrorCell(error, certificate)});
  }
  return Title(certificate) + table.Aligned();
}

std::string ComparisonText(const v1::Comparison& comparison) {
  const int64_t checked = comparison.first().report().checked();
  if (comparison.differing() == 0)
    return absl::StrCat("\nall ", GroupedDecimal(checked), " outputs have the same bits\n");
  const Dtype dtype = DtypeOf(comparison.first());
  Table table({"x", "first", "ulp", "second", "ulp", "expected"}, /*right=*/{2, 4});
  for (const v1::Difference& difference : comparison.differences()) {
    const v1::InputError& first = difference.first();
    const v1::InputError& second = difference.second();
    table.AddRow({InputText(comparison.first(), first),
                  absl::StrCat(RoundedDecimal(first.got(), dtype), " ", first.got_bits()),
                  ErrorCell(first, comparison.first()),
                  absl::StrCat(RoundedDecimal(second.got(), dtype), " ", second.got_bits()),
                  ErrorCell(second, comparison.second()), RoundedDecimal(first.expected(), dtype)});
  }
  return absl::StrCat("\n", GroupedDecimal(comparison.differing()), " of ", GroupedDecimal(checked),
                      " outputs differ, the largest errors first:\n", table.Aligned());
}

}  // namespace actbench::client
