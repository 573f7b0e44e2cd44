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
// An error in ulp is known to this, from pairs on to that.
constexpr double kUlpResolution = 0x1p-12;
constexpr double kPairResolution = 0x1p-30;

// Of what is not in the list.
BigResult Undefined(const double*, const BigBall*, size_t) { return {BigBall(kNaN), BigBall(kNaN)}; }

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

// Of high + low, normalised.
int ExponentIn(double high, double low, const DtypeInfo& format) {
  const bool is_power = std::fabs(high) == std::ldexp(1.0, std::ilogb(high));
  const bool is_below = is_power && low != 0 && std::signbit(low) != std::signbit(high);
  return actbench::ExponentIn(is_below ? std::nextafter(high, 0.0) : high, format);
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

BigBall ReferenceInput(double x, int infinity) {
  if (!std::isinf(x)) return BigBall(x);
  return BigBall(scalbln(BigFloat(x > 0 ? 1.0 : -1.0), infinity));
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
          std::all_of(parameters_.begin(), parameters_.end(), [](double p) { return IsWithin(p, 0x1p100); })) {}

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
  ExactResult exact{.high = std::isnan(value) ? kNaN : value, .stage = Stage::kF64};
  exact.bits = BitsOf(exact.high);
  const double rounded = LoadElement(dtype_, &exact.bits);
  if (std::isinf(rounded)) exact.high = rounded;
  if (std::isfinite(rounded)) exact.exponent = ExponentIn(value, format_);
  return exact;
}

std::optional<ExactResult> Reference::Decide(const double* inputs, double value, double error) const {
  if (error == 0 && std::isfinite(value)) return Rounded(value);
  const uint64_t bits = BitsOf(value);
  if (!(error < kInfinity) || BitsOf(value - error) != bits || BitsOf(value + error) != bits) return std::nullopt;
  ExactResult exact{.high = LoadElement(dtype_, &bits), .bits = bits, .stage = Stage::kF64};
  if (std::isinf(exact.high)) return exact;
  exact.high = value;
  exact.exponent = ExponentIn(value, format_);
  const int lower = ExponentIn(value - error, format_);
  const int upper = ExponentIn(value + error, format_);
  if (error > std::ldexp(kUlpResolution, std::min(lower, upper) - format_.precision + 1)) return std::nullopt;
  exact.knows_exponent = lower == upper;
  SettleExponent(inputs, exact);
  return exact;
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
  ExactResult exact{.high = LoadElement(dtype_, &bits), .bits = bits, .stage = Stage::kPair};
  if (std::isinf(exact.high)) return exact;
  exact.high = high;
  exact.low = low;
  exact.exponent = ExponentIn(high, low, format_);
  if (error > std::ldexp(kPairResolution, exact.exponent - format_.precision + 1)) return std::nullopt;
  exact.knows_exponent = ExponentIn(high, low - reach, format_) == ExponentIn(high, low + reach, format_);
  return exact;
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

std::optional<ExactResult> Reference::EvaluateSpecial(const double* inputs) const {
  const size_t count = input_count();
  if (std::any_of(inputs, inputs + count, [](double x) { return std::isnan(x); })) return Rounded(kNaN);
  if (direction_ == Direction::kForward) return std::nullopt;
  const double dy = inputs[count - 1];
  if (input_count_ == 1 && std::isinf(inputs[0])) return Product(dy, LimitOf(inputs[0] < 0));
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

ExactResult Reference::Evaluate(const double* inputs, double got, Stage from) const {
  if (const std::optional<ExactResult> special = EvaluateSpecial(inputs)) return *special;
  if (from == Stage::kF64 && IsPlain(inputs)) {
    const std::optional<std::array<double, 2>> near = EvaluateF64One(inputs);
    if (near.has_value()) {
      const std::optional<ExactResult> decided = Decide(inputs, (*near)[0], (*near)[1]);
      if (decided.has_value() && KnowsError(got, *decided)) return *decided;
    }
  }
  if (from != Stage::kMpfr) {
    const double* rows[] = {inputs, inputs + 1, inputs + 2};
    std::optional<ExactResult> decided;
    EvaluatePairs(rows, 1, &decided);
    if (decided.has_value() && KnowsError(got, *decided)) return *decided;
  }
  return EvaluateMpfr(inputs, got);
}

// A NaN's or an infinity's error does not depend on the exponent, nor, much, does that of a result that is nearly
// exact.
bool Reference::KnowsError(double got, const ExactResult& exact) const {
  return exact.knows_exponent || !std::isfinite(got) || UlpError(got, exact, format_) <= kUlpResolution / 2;
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
    if (has_f64 && IsPlain(x.data())) exact = Decide(x.data(), value[i], error[i]);
    results[i] = exact.has_value() && KnowsError(got[i], *exact) ? *exact : Evaluate(x.data(), got[i], Stage::kPair);
  }
}

}  // namespace actbench
