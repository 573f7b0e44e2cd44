// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_convert.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "server/convert.h"

namespace actbench {
namespace {

void ToProto(const InputError& error, const ReportFormat& format, v1::InputError& out) {
  for (size_t i = 0; i < format.inputs; ++i) {
    out.add_inputs(ValueOf(format.dtype, error.input_bits[i]));
    out.add_input_bits(BitsText(format.dtype, error.input_bits[i]));
  }
  out.set_output(static_cast<int>(error.output));
  out.set_got(ValueOf(format.dtype, error.got_bits));
  out.set_got_bits(BitsText(format.dtype, error.got_bits));
  out.set_expected(ValueOf(format.dtype, error.expected_bits));
  out.set_expected_bits(BitsText(format.dtype, error.expected_bits));
  out.set_ulp(error.ulp);
}

void ToProto(const BinadeError& binade, v1::BinadeError& out) {
  out.set_negative(binade.negative);
  out.set_exponent(binade.exponent);
  out.set_checked(static_cast<int64_t>(binade.checked));
  out.set_max_ulp(binade.max_ulp);
  out.set_mean_ulp(binade.MeanUlp());
}

}  // namespace

double ValueOf(Dtype dtype, uint64_t bits) {
  const double value = LoadElement(dtype, &bits);
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

std::string OutputHashText(uint64_t hash) { return absl::StrFormat("%016x", hash); }

void ToProto(const AccuracyReport& report, const ReportFormat& format, v1::AccuracyReport& out) {
  out.set_checked(static_cast<int64_t>(report.checked));
  out.set_max_ulp(report.max_ulp);
  out.set_mean_ulp(report.MeanUlp());
  out.set_misrounded(static_cast<int64_t>(report.misrounded));
  out.set_wrong_nan(static_cast<int64_t>(report.wrong_nan));
  out.set_wrong_inf(static_cast<int64_t>(report.wrong_inf));
  out.set_spurious_zero(static_cast<int64_t>(report.spurious_zero));
  out.set_wrong_sign(static_cast<int64_t>(report.wrong_sign));
  out.set_falls(static_cast<int64_t>(report.falls));
  out.set_output_hash(OutputHashText(report.output_hash));
  for (const InputError& error : report.worst) ToProto(error, format, *out.add_worst());
  for (const BinadeError& binade : report.binades) ToProto(binade, *out.add_binades());
  for (const SpecialValue& value : report.special_values) {
    v1::SpecialValue& row = *out.add_special_values();
    row.set_name(value.name);
    ToProto(value.error, format, *row.mutable_error());
  }
  out.set_decided_by_f64(static_cast<int64_t>(report.decided_by_f64));
  out.set_decided_by_pair(static_cast<int64_t>(report.decided_by_pair));
  out.set_decided_by_mpfr(static_cast<int64_t>(report.decided_by_mpfr));
}

void ToProto(const Difference& difference, const ReportFormat& format, v1::Difference& out) {
  ToProto(difference.first, format, *out.mutable_first());
  ToProto(difference.second, format, *out.mutable_second());
}

}  // namespace actbench
