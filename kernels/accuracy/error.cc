// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/error.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double ToDouble(long double value) { return static_cast<double>(value); }
double ToDouble(const BigFloat& value) { return value.ToDouble(); }

// floor(log2(abs(exact))) within the exponents that `format` has.
template <class T>
int CappedExponent(const T& exact, const DtypeInfo& format) {
  using std::ilogb;
  if (exact == T(0)) return format.min_exponent;
  const long exponent = static_cast<long>(ilogb(exact));
  return static_cast<int>(std::clamp<long>(exponent, format.min_exponent, format.max_exponent));
}

template <class T>
double UlpErrorOf(double got, const T& exact, const DtypeInfo& format) {
  using std::abs;
  using std::scalbln;
  const T magnitude = abs(exact);
  // From half an ulp above the largest finite number on, round to nearest gives infinity.
  const T overflow = scalbln(T(2) - scalbln(T(1), -format.precision), format.max_exponent);
  if (std::isinf(got) && magnitude >= overflow && (got > 0) == (exact > T(0))) return 0;
  if (!std::isfinite(got)) return kInfinity;
  const T steps = scalbln(abs(T(got) - exact), format.precision - 1 - CappedExponent(exact, format));
  return ToDouble(steps);
}

// The error where the exact result is the IEEE product of an infinite dy and f', which is not 0.
double InfiniteProductError(double got, bool negative) {
  return std::isinf(got) && std::signbit(got) == negative ? 0 : kInfinity;
}

template <class T>
double ElementError(Definition<T> definition, const double* parameters, const double* inputs, size_t input_count,
                    Direction direction, size_t by, double got, const DtypeInfo& format) {
  const size_t all = input_count + (direction == Direction::kGradient ? 1 : 0);
  const double nan_error = std::isnan(got) ? 0 : kInfinity;
  if (std::any_of(inputs, inputs + all, [](double x) { return std::isnan(x); })) return nan_error;
  T variables[2];
  for (size_t i = 0; i < input_count; ++i) variables[i] = ReferenceInput<T>(inputs[i]);
  const Dual<T> exact = definition(parameters, variables, by);
  const T& wanted = direction == Direction::kForward ? exact.value : exact.derivative;
  // The definition fails, which no comparison would notice.
  if (!(exact.value == exact.value && wanted == wanted)) return kInfinity;
  if (direction == Direction::kForward) return UlpErrorOf(got, wanted, format);
  const double dy = inputs[input_count];
  // At an infinite input f' is a limit, which the definition only comes near to: f' as a double is that limit.
  const bool at_limit = std::any_of(inputs, inputs + input_count, [](double x) { return std::isinf(x); });
  const bool zero = exact.derivative == T(0) || (at_limit && ToDouble(exact.derivative) == 0);
  const bool infinite = at_limit && std::isinf(ToDouble(exact.derivative));
  if ((dy == 0 && infinite) || (std::isinf(dy) && zero)) return nan_error;  // 0 * inf
  if (!std::isinf(dy)) return UlpErrorOf(got, T(T(dy) * exact.derivative), format);
  return InfiniteProductError(got, (exact.derivative < T(0)) != (dy < 0));
}

}  // namespace

double UlpError(double got, const BigFloat& exact, const DtypeInfo& format) { return UlpErrorOf(got, exact, format); }

ErrorReport Merge(const ErrorReport& a, const ErrorReport& b) {
  const bool b_is_worse = a.checked == 0 || (b.checked != 0 && b.max_ulp > a.max_ulp);
  ErrorReport merged = b_is_worse ? b : a;
  merged.sum_ulp = a.sum_ulp + b.sum_ulp;
  merged.checked = a.checked + b.checked;
  return merged;
}

ErrorMeter::ErrorMeter(const ActivationInfo& activation, Direction direction, Dtype dtype,
                       std::vector<double> parameters)
    : ErrorMeter({DefinitionOf<long double>(activation), DefinitionOf<BigFloat>(activation)}, activation.inputs,
                 direction, dtype, std::move(parameters)) {}

ErrorMeter::ErrorMeter(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
                       std::vector<double> parameters)
    : definitions_(definitions),
      input_count_(input_count),
      direction_(direction),
      dtype_(dtype),
      parameters_(std::move(parameters)) {}

ErrorReport ErrorMeter::Measure(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end,
                                size_t output_number) const {
  const DtypeInfo& format = Info(dtype_);
  const auto at = [&](const void* buffer, size_t i) {
    return static_cast<const char*>(buffer) + i * format.size_bytes;
  };
  ErrorReport report;
  for (size_t i = begin; i < end; ++i) {
    double values[3] = {};
    for (size_t j = 0; j < inputs.size(); ++j) values[j] = LoadElement(dtype_, at(inputs[j], i));
    const double got = LoadElement(dtype_, at(output, i));
    const auto error = [&](auto definition) {
      return ElementError(definition, parameters_.data(), values, input_count_, direction_, output_number, got, format);
    };
    // 64 bits leave 2^-40 of a float's ulp, and 2^-13 beside the zeros of f', where it cancels; less of the smaller
    // formats'. A double, and the limit at infinity whatever the parameters, want more.
    const bool infinite = std::any_of(std::begin(values), std::end(values), [](double x) { return std::isinf(x); });
    const double ulp = dtype_ == Dtype::kF64 || infinite ? error(definitions_.wide) : error(definitions_.narrow);
    if (report.checked == 0 || ulp > report.max_ulp) {
      report.max_ulp = ulp;
      report.worst_input = values[0];
      report.worst_bits = LoadBits(dtype_, at(inputs[0], i));
      report.worst_index = i;
    }
    report.sum_ulp += ulp;
    ++report.checked;
  }
  return report;
}

}  // namespace actbench
