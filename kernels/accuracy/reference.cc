// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/vocabulary_scalar.h"

namespace actbench {
namespace {

// The list, for the entries' definitions. Their formulas are not used here.
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#include "kernels/accuracy/dual.inc"
// In this order.
#include "kernels/activations.inc"
// In this order.
#include "kernels/accuracy/definitions.inc"

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// The precisions that the last stage tries, in bits. At the last one all but an exact tie of inexact parts would be
// decided: what is not, is taken as it stands.
constexpr int kLeastPrecision = 128;
constexpr int kLargestPrecision = 16384;
// An error in ulp is known to this.
constexpr double kUlpResolution = 0x1p-12;

// Of what is not in the list.
BigResult Undefined(const double*, const BigBall*, size_t) { return {BigBall(kNaN), BigBall(kNaN)}; }

bool IsNaN(const BigFloat& value) { return !(value == value); }

// `inputs` are such that no operation of the lanes over- or underflows: the range of f32, and beyond.
bool IsWithin(double x, double limit) { return x == 0 || (std::fabs(x) <= limit && std::fabs(x) >= 1 / limit); }

// high + low, rounded so that rounding it again to fewer bits is as if high + low had been: to odd.
double RoundToOdd(double high, double low) {
  if (low == 0) return high;  // of a zero too
  const double sum = high + low;
  const double part = sum - high;
  const double rest = (high - (sum - part)) + (low - part);
  if (rest == 0 || !std::isfinite(sum)) return sum;
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  if (bits & 1) return sum;
  return std::nextafter(sum, rest > 0 ? kInfinity : -kInfinity);
}

// The exponent of high + low within those that `format` has.
int CappedExponent(double high, double low, const DtypeInfo& format) {
  if (high == 0) return format.min_exponent;
  int exponent = std::ilogb(high);
  const bool is_power = std::fabs(high) == std::ldexp(1.0, exponent);
  if (is_power && low != 0 && std::signbit(low) != std::signbit(high)) --exponent;
  return std::clamp(exponent, format.min_exponent, format.max_exponent);
}

}  // namespace

BigFloat BigFloat::FromDecimal(std::string_view text) {
  BigFloat result;
  mpfr_set_str(result.value_, std::string(text).c_str(), 10, MPFR_RNDN);
  return result;
}

Definitions DefinitionsOf(const ActivationInfo& activation) {
  const Definition found = FindDefinition(activation.name, Activations());
  if (found == nullptr) return {&Undefined, nullptr};
  for (const LaneReferenceRow& row : LaneReferences().back().rows) {
    if (row.activation == activation.name) return {found, &row};
  }
  return {found, nullptr};
}

BigBall ReferenceInput(double x) {
  if (!std::isinf(x)) return BigBall(x);
  return BigBall(scalbln(BigFloat(x > 0 ? 1.0 : -1.0), BigBall::kInfinityExponent));
}

double RoundToFormat(const BigFloat& value, const DtypeInfo& format) {
  const double near = value.ToDouble();
  if (near == 0 ? value == BigFloat(0.0) : !(std::fabs(near) < kInfinity)) return near;
  const long quantum = std::max<long>(ilogb(value), format.min_exponent) - format.precision + 1;
  const double rounded = std::ldexp(RoundToInteger(scalbln(value, -quantum)).ToDouble(), static_cast<int>(quantum));
  if (std::fabs(rounded) >= std::ldexp(2.0, format.max_exponent)) return std::copysign(kInfinity, rounded);
  return rounded;
}

double UlpError(double got, const ExactResult& exact, const DtypeInfo& format) {
  if (std::isnan(exact.high)) return std::isnan(got) && !std::isnan(exact.low) ? 0 : kInfinity;
  if (std::isinf(exact.high)) return got == exact.high ? 0 : kInfinity;
  if (!std::isfinite(got)) return kInfinity;
  const double difference = std::fabs((got - exact.high) - exact.low);
  return std::ldexp(difference, format.precision - 1 - CappedExponent(exact.high, exact.low, format));
}

double UlpError(double got, const BigFloat& exact, const DtypeInfo& format) {
  if (IsNaN(exact)) return std::isnan(got) ? 0 : kInfinity;
  const double rounded = RoundToFormat(exact, format);
  if (std::isinf(rounded)) return got == rounded ? 0 : kInfinity;
  if (!std::isfinite(got)) return kInfinity;
  const long exponent =
      exact == BigFloat(0.0) ? format.min_exponent : std::max<long>(ilogb(exact), format.min_exponent);
  const long capped = std::min<long>(exponent, format.max_exponent);
  return scalbln(abs(BigFloat(got) - exact), format.precision - 1 - capped).ToDouble();
}

Reference::Reference(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
                     std::vector<double> parameters, size_t output)
    : definitions_(definitions),
      input_count_(input_count),
      direction_(direction),
      dtype_(dtype),
      format_(Info(dtype)),
      parameters_(std::move(parameters)),
      output_(output),
      lanes_serve_parameters_(
          std::all_of(parameters_.begin(), parameters_.end(), [](double p) { return IsWithin(p, 0x1p100); })) {
  if (direction == Direction::kForward || input_count != 1) return;
  limits_[0] = LimitAt(-kInfinity);
  limits_[1] = LimitAt(kInfinity);
}

Reference::Reference(const ActivationInfo& activation, Direction direction, Dtype dtype, std::vector<double> parameters,
                     size_t output)
    : Reference(DefinitionsOf(activation), activation.inputs, direction, dtype, std::move(parameters), output) {}

ReferenceFunction Reference::LaneFunction(bool pair) const {
  if (definitions_.lanes == nullptr || !lanes_serve_parameters_) return nullptr;
  const ReferenceFunctions& functions = pair ? definitions_.lanes->pair : definitions_.lanes->f64;
  return direction_ == Direction::kForward ? functions.forward : functions.gradient[output_];
}

bool Reference::EvaluateF64(const double* const* inputs, size_t n, double* value, double* error) const {
  const ReferenceFunction function = LaneFunction(false);
  if (function == nullptr || dtype_ == Dtype::kF64) return false;
  double* const outputs[] = {value, error};
  function(parameters_.data(), inputs, n, outputs);
  return true;
}

bool Reference::IsPlain(const double* inputs) const {
  const size_t count = input_count();
  return std::all_of(inputs, inputs + count, [](double x) { return std::isfinite(x); }) &&
         (direction_ == Direction::kForward || inputs[count - 1] != 0);
}

bool Reference::IsPlainForPairs(const double* inputs) const {
  return IsPlain(inputs) && std::all_of(inputs, inputs + input_count(), [](double x) { return IsWithin(x, 0x1p160); });
}

uint64_t Reference::BitsOf(double value) const {
  char element[8];
  StoreElement(dtype_, value, element);
  return LoadBits(dtype_, element);
}

ExactResult Reference::Rounded(double value) const {
  // Not the NaN that was given, whose sign and payload say nothing.
  if (std::isnan(value)) return {kNaN, 0, BitsOf(kNaN), Stage::kF64};
  const uint64_t bits = BitsOf(value);
  const double rounded = LoadElement(dtype_, &bits);
  return {std::isinf(rounded) ? rounded : value, 0, bits, Stage::kF64};
}

std::optional<ExactResult> Reference::Decide(double value, double error) const {
  const uint64_t bits = BitsOf(value);
  if (error == 0 && std::isfinite(value)) return Rounded(value);
  if (!(error < kInfinity) || BitsOf(value - error) != bits || BitsOf(value + error) != bits) return std::nullopt;
  const double rounded = LoadElement(dtype_, &bits);
  if (std::isinf(rounded)) return ExactResult{rounded, 0, bits, Stage::kF64};
  const int exponent = CappedExponent(value - error, 0, format_);
  const double ulp = std::ldexp(1.0, exponent - format_.precision + 1);
  if (error > kUlpResolution * ulp) return std::nullopt;
  return ExactResult{value, 0, bits, Stage::kF64, exponent != CappedExponent(value + error, 0, format_)};
}

std::optional<std::array<double, 2>> Reference::EvaluateF64One(const double* inputs) const {
  double in[3][kReferenceStep];
  const double* rows[3] = {in[0], in[1], in[2]};
  double value[kReferenceStep];
  double error[kReferenceStep];
  for (size_t i = 0; i < input_count(); ++i) std::fill(in[i], in[i] + kReferenceStep, inputs[i]);
  if (!EvaluateF64(rows, kReferenceStep, value, error)) return std::nullopt;
  return std::array{value[0], error[0]};
}

std::optional<ExactResult> Reference::DecidePair(double high, double low, double error) const {
  if (!(error < kInfinity) || !std::isfinite(high)) return std::nullopt;
  // In f64 the sum rounds by itself; in others to odd first.
  const auto round = [&](double rest) {
    return BitsOf(dtype_ == Dtype::kF64 && rest != 0 ? high + rest : RoundToOdd(high, rest));
  };
  // The sums with the error are rounded too.
  const double reach = error == 0 ? 0 : error + std::fabs(low) * 0x1p-52;
  const uint64_t bits = round(low - reach);
  if (round(low + reach) != bits) return std::nullopt;
  const double rounded = LoadElement(dtype_, &bits);
  if (std::isinf(rounded)) return ExactResult{rounded, 0, bits, Stage::kPair};
  const double ulp = std::ldexp(1.0, CappedExponent(high, low, format_) - format_.precision + 1);
  if (error > 0x1p-30 * ulp) return std::nullopt;
  return ExactResult{high, low, bits, Stage::kPair};
}

void Reference::EvaluatePairs(const double* const* inputs, size_t n, std::optional<ExactResult>* results) const {
  const ReferenceFunction function = LaneFunction(true);
  double in[3][kReferenceStep];
  double out[3][kReferenceStep];
  const double* in_rows[3] = {in[0], in[1], in[2]};
  double* const out_rows[3] = {out[0], out[1], out[2]};
  for (size_t start = 0; start < n; start += kReferenceStep) {
    const size_t count = std::min(kReferenceStep, n - start);
    bool plain[kReferenceStep];
    for (size_t i = 0; i < kReferenceStep; ++i) {
      double point[3] = {1, 1, 1};
      for (size_t k = 0; i < count && k < input_count(); ++k) point[k] = inputs[k][start + i];
      plain[i] = IsPlainForPairs(point);
      for (size_t k = 0; k < input_count(); ++k) in[k][i] = plain[i] ? point[k] : 1;
    }
    if (function != nullptr) function(parameters_.data(), in_rows, kReferenceStep, out_rows);
    for (size_t i = 0; i < count; ++i) {
      results[start + i].reset();
      if (function != nullptr && plain[i]) results[start + i] = DecidePair(out[0][i], out[1][i], out[2][i]);
    }
  }
}

std::optional<ExactResult> Reference::Decide(const BigBall& exact) const {
  if (IsNaN(exact.value())) return Rounded(kNaN);
  const BigFloat reach = exact.error() * BigFloat(1.0001);
  const auto round = [&](const BigFloat& value) { return BitsOf(RoundToFormat(value, format_)); };
  const uint64_t bits = round(exact.value());
  const bool decided = exact.is_exact() || (round(LowerBound(exact.value(), reach)) == bits &&
                                            round(UpperBound(exact.value(), reach)) == bits);
  if (!decided) return std::nullopt;
  const double rounded = LoadElement(dtype_, &bits);
  if (std::isinf(rounded)) return ExactResult{rounded, 0, bits, Stage::kMpfr};
  const double high = exact.value().ToDouble();
  return ExactResult{high, (exact.value() - BigFloat(high)).ToDouble(), bits, Stage::kMpfr};
}

BigResult Reference::EvaluateDefinition(const double* inputs) const {
  BigBall variables[2];
  for (size_t i = 0; i < input_count_; ++i) variables[i] = ReferenceInput(inputs[i]);
  return definitions_.big(parameters_.data(), variables, output_);
}

Reference::Limit Reference::LimitAt(double x) const {
  const BigFloat::PrecisionScope precision(kLeastPrecision);
  const BigFloat derivative = EvaluateDefinition(&x).derivative.value();
  const double high = derivative.ToDouble();
  return {high, std::isfinite(high) ? (derivative - BigFloat(high)).ToDouble() : 0};
}

// The IEEE product with f' itself.
ExactResult Reference::Product(double dy, const Limit& derivative) const {
  const double product = dy * derivative.high;
  if (product == 0 || !std::isfinite(product)) return Rounded(product);
  const BigFloat::PrecisionScope precision(4 * kLeastPrecision);
  return *Decide(BigBall(BigFloat(dy) * (BigFloat(derivative.high) + BigFloat(derivative.low))));
}

std::optional<ExactResult> Reference::EvaluateSpecial(const double* inputs) const {
  const size_t count = input_count();
  if (std::any_of(inputs, inputs + count, [](double x) { return std::isnan(x); })) return Rounded(kNaN);
  if (direction_ == Direction::kForward) return std::nullopt;
  const double dy = inputs[count - 1];
  if (input_count_ == 1 && std::isinf(inputs[0])) return Product(dy, limits_[inputs[0] > 0 ? 1 : 0]);
  if (dy != 0 && !std::isinf(dy)) return std::nullopt;
  std::array<double, 3> point = {inputs[0], count > 1 ? inputs[1] : 0, 0};
  point[count - 1] = 1;
  if (!IsPlain(point.data())) return std::nullopt;
  // A derivative that is known not to be 0 has a sign, and no more than that counts.
  const std::optional<std::array<double, 2>> near = EvaluateF64One(point.data());
  if (!near.has_value()) return std::nullopt;
  const auto [value, error] = *near;
  if (!(std::fabs(value) > error) && error != 0) return std::nullopt;
  if (value == 0 && std::isinf(dy)) return std::nullopt;  // perhaps it underflowed
  return Rounded(dy * (value == 0 ? value : std::copysign(1.0, value)));
}

ExactResult Reference::EvaluateMpfr(const double* inputs) const {
  if (const std::optional<ExactResult> special = EvaluateSpecial(inputs)) return *special;
  const double dy = direction_ == Direction::kGradient ? inputs[input_count_] : 1;
  const bool at_limit = std::any_of(inputs, inputs + input_count_, [](double x) { return std::isinf(x); });
  for (int bits = kLeastPrecision;; bits *= 2) {
    const BigFloat::PrecisionScope precision(bits);
    const BigResult result = EvaluateDefinition(inputs);
    // A definition that fails, which no comparison would notice.
    if (IsNaN(result.value.value()) || IsNaN(result.derivative.value())) return {kNaN, kNaN, BitsOf(kNaN)};
    const BigBall& derivative = result.derivative;
    if (at_limit) {
      const double limit = (direction_ == Direction::kForward ? result.value : derivative).value().ToDouble();
      return direction_ == Direction::kForward ? Rounded(limit) : Product(dy, {limit, 0});
    }
    const bool is_last = bits == kLargestPrecision;
    if (dy == 0 || std::isinf(dy)) {
      const bool is_signed = derivative.is_exact() || abs(derivative.value()) > derivative.error();
      if (!is_signed && !is_last) continue;
      const double sign = signbit(derivative.value()) ? -1 : 1;
      return Rounded(dy * (derivative.is_zero() ? std::copysign(0, sign) : sign));
    }
    const BigBall exact = direction_ == Direction::kForward ? result.value : derivative * BigBall(dy);
    if (const std::optional<ExactResult> decided = Decide(exact)) return *decided;
    if (is_last) return *Decide(BigBall(exact.value()));
  }
}

ExactResult Reference::Evaluate(const double* inputs, Stage from) const {
  if (const std::optional<ExactResult> special = EvaluateSpecial(inputs)) return *special;
  if (from == Stage::kF64 && IsPlain(inputs)) {
    const std::optional<std::array<double, 2>> near = EvaluateF64One(inputs);
    if (near.has_value()) {
      if (const std::optional<ExactResult> decided = Decide((*near)[0], (*near)[1])) return *decided;
    }
  }
  if (from != Stage::kMpfr) {
    const double* rows[] = {inputs, inputs + 1, inputs + 2};
    std::optional<ExactResult> decided;
    EvaluatePairs(rows, 1, &decided);
    if (decided.has_value()) return *decided;
  }
  return EvaluateMpfr(inputs);
}

bool Reference::KnowsError(double got, const ExactResult& exact) const {
  if (!exact.near_power) return true;
  const double ulp = std::ldexp(1.0, CappedExponent(exact.high, 0, format_) - format_.precision);
  return std::fabs(got - exact.high) <= kUlpResolution * ulp;
}

ExactResult Reference::EvaluateFor(double got, const double* inputs) const {
  const ExactResult exact = Evaluate(inputs);
  return KnowsError(got, exact) ? exact : Evaluate(inputs, Stage::kPair);
}

void Reference::Evaluate(const double* const* inputs, const double* got, size_t n, ExactResult* results) const {
  const size_t count = input_count();
  double padded[3][kReferenceBlock];
  double value[kReferenceBlock];
  double error[kReferenceBlock];
  const double* rows[3] = {padded[0], padded[1], padded[2]};
  const size_t padded_n = (n + kReferenceStep - 1) / kReferenceStep * kReferenceStep;
  const auto point = [&](size_t i) {
    return std::array<double, 3>{inputs[0][i], count > 1 ? inputs[1][i] : 0, count > 2 ? inputs[2][i] : 0};
  };
  for (size_t i = 0; i < padded_n; ++i) {
    const bool plain = i < n && IsPlain(point(i).data());
    for (size_t k = 0; k < count; ++k) padded[k][i] = plain ? inputs[k][i] : 1;
  }
  const bool has_f64 = EvaluateF64(rows, padded_n, value, error);
  for (size_t i = 0; i < n; ++i) {
    const std::array<double, 3> x = point(i);
    std::optional<ExactResult> exact;
    if (has_f64 && IsPlain(x.data())) exact = Decide(value[i], error[i]);
    results[i] = exact.has_value() && KnowsError(got[i], *exact) ? *exact : Evaluate(x.data(), Stage::kPair);
  }
}

}  // namespace actbench
