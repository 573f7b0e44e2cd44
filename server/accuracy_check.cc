// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One element of one output.
class Element {
 public:
  Element(const ErrorMeter& meter, Dtype dtype, absl::Span<const void* const> inputs, size_t index,
          size_t output_number)
      : meter_(meter), dtype_(dtype), input_count_(inputs.size()), output_number_(output_number) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs_[i] = static_cast<const char*>(inputs[i]) + index * SizeBytes(dtype);
    }
  }

  // The error that the result has, or would have, at `data`.
  double Error(const void* data) const {
    return meter_.Measure({inputs_.data(), input_count_}, data, 0, 1, output_number_).max_ulp;
  }
  double ErrorOf(double value) const {
    std::array<char, sizeof(double)> data;
    StoreElement(dtype_, value, data.data());
    return Error(data.data());
  }

 private:
  const ErrorMeter& meter_;
  const Dtype dtype_;
  const size_t input_count_;
  const size_t output_number_;
  std::array<const void*, 3> inputs_ = {};
};

// Whether `got` may be wrong in more than its last digits. One of the wrong sign is as far off as the exact result is
// large, which is 2^(p - 1) ulp or more unless that is subnormal; then `got` is too, or as far off.
bool IsSuspect(double got, double error, const DtypeInfo& format) {
  const double least_normal = std::ldexp(1.0, format.min_exponent);
  const double top = std::ldexp(1.0, format.max_exponent);  // the binade where a result may have to be infinite
  return error >= std::ldexp(1.0, format.precision - 1) || std::abs(got) < least_normal || std::abs(got) >= top;
}

// What is wrong with `got`, whose error exceeds half an ulp: learnt from what would be right, as NaN and the infinities
// have no error where they are.
void Classify(const Element& element, double got, double error, AccuracyReport& report) {
  if (std::isnan(got) || element.ErrorOf(std::numeric_limits<double>::quiet_NaN()) == 0) {
    ++report.wrong_nan;
    return;
  }
  const bool wants_inf = element.ErrorOf(std::copysign(kInfinity, got)) == 0;
  const bool wants_other_inf = element.ErrorOf(-std::copysign(kInfinity, got)) == 0;
  if (std::isinf(got) != (wants_inf || wants_other_inf)) ++report.wrong_inf;
  if (got == 0) {
    ++report.spurious_zero;
  } else if (wants_other_inf || (!wants_inf && element.ErrorOf(-got) < error)) {
    ++report.wrong_sign;
  }
}

}  // namespace

void CheckElements(const ErrorMeter& meter, Dtype dtype, absl::Span<const void* const> inputs, const void* output,
                   size_t count, size_t output_number, AccuracyCheck& check) {
  AccuracyReport& report = check.report;
  for (size_t i = 0; i < count; ++i) {
    const Element element(meter, dtype, inputs, i, output_number);
    const void* const data = static_cast<const char*>(output) + i * SizeBytes(dtype);
    const double error = element.Error(data);
    check.errors.push_back(error);
    ++report.checked;
    report.max_ulp = std::max(report.max_ulp, error);
    if (std::isfinite(error)) {
      ++report.finite;
      report.sum_ulp += error;
    }
    if (error > 0.5) {
      ++report.misrounded;
      const double got = LoadElement(dtype, data);
      if (IsSuspect(got, error, Info(dtype))) Classify(element, got, error, report);
    }
  }
}

}  // namespace actbench
