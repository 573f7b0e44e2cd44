// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/special_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/accuracy/tally.h"
#include "kernels/vocabulary_scalar.h"

namespace actbench {
namespace {

// A number that tells what it is compared with: definitions are evaluated with it to find their kinks.
struct Traced {
  enum class Kind { kConstant, kTheInput, kOther };
  double value;
  Kind kind;
  std::vector<double>* kinks = nullptr;  // of the input alone

  Traced(double constant) : value(constant), kind(Kind::kConstant) {}  // NOLINT(google-explicit-constructor)
  Traced(double v, Kind k, std::vector<double>* found) : value(v), kind(k), kinks(found) {}

  static Traced Of(double v, const Traced& a, const Traced& b) {
    const bool constant = a.kind == Kind::kConstant && b.kind == Kind::kConstant;
    return {v, constant ? Kind::kConstant : Kind::kOther, nullptr};
  }
  static bool Compare(const Traced& a, const Traced& b) {
    if (a.kind == Kind::kTheInput && b.kind == Kind::kConstant) a.kinks->push_back(b.value);
    if (b.kind == Kind::kTheInput && a.kind == Kind::kConstant) b.kinks->push_back(a.value);
    return a.value < b.value;
  }
  friend Traced operator-(const Traced& a) { return Of(-a.value, a, a); }
  friend Traced operator+(const Traced& a, const Traced& b) { return Of(a.value + b.value, a, b); }
  friend Traced operator-(const Traced& a, const Traced& b) { return Of(a.value - b.value, a, b); }
  friend Traced operator*(const Traced& a, const Traced& b) { return Of(a.value * b.value, a, b); }
  friend Traced operator/(const Traced& a, const Traced& b) { return Of(a.value / b.value, a, b); }
  friend bool operator<(const Traced& a, const Traced& b) { return Compare(a, b); }
  friend bool operator>(const Traced& a, const Traced& b) { return Compare(a, b); }
  friend bool operator<=(const Traced& a, const Traced& b) { return Compare(a, b); }
  friend bool operator>=(const Traced& a, const Traced& b) { return Compare(a, b); }
  // Both are evaluated, so that no comparison is missed.
  friend Traced If(bool condition, const Traced& yes, const Traced& no) { return condition ? yes : no; }
  friend Traced abs(const Traced& a) { return Of(std::fabs(a.value), a, a); }
  friend Traced Pi(const Traced&) { return {3.14159265358979323846}; }
  friend Traced exp(const Traced& a) { return Of(std::exp(a.value), a, a); }
  friend Traced expm1(const Traced& a) { return Of(std::expm1(a.value), a, a); }
  friend Traced log1p(const Traced& a) { return Of(std::log1p(a.value), a, a); }
  friend Traced x_minus_tanh(const Traced& a) { return Of(a.value - std::tanh(a.value), a, a); }
  friend Traced sqrt(const Traced& a) { return Of(std::sqrt(a.value), a, a); }
  friend Traced tanh(const Traced& a) { return Of(std::tanh(a.value), a, a); }
  friend Traced erfc(const Traced& a) { return Of(std::erfc(a.value), a, a); }
};

using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"

template <class Activation>
void Trace(const double* parameters, size_t input, std::vector<double>& kinks) {
  const Activation activation = Make<Activation>(parameters);
  const auto variable = [&](size_t i) {
    return i == input ? Traced(0.7, Traced::Kind::kTheInput, &kinks) : Traced(0.7, Traced::Kind::kOther, nullptr);
  };
  if constexpr (Activation::kInfo.inputs == 1) {
    activation.Definition(variable(0));
  } else {
    activation.Definition(variable(0), variable(1));
  }
}

template <class... Activation>
void FindKinks(std::string_view name, const double* parameters, size_t input, std::vector<double>& kinks,
               TypeList<Activation...>) {
  ((Activation::kInfo.name == name ? Trace<Activation>(parameters, input, kinks) : void()), ...);
}

}  // namespace

std::vector<double> KinksOf(const ActivationInfo& activation, const double* parameters, size_t input) {
  std::vector<double> kinks;
  FindKinks(activation.name, parameters, input, kinks, Activations());
  std::sort(kinks.begin(), kinks.end());
  kinks.erase(std::unique(kinks.begin(), kinks.end()), kinks.end());
  return kinks;
}

std::vector<SpecialInput> SpecialInputs(const ActivationInfo& activation, const double* parameters, size_t input,
                                        Dtype dtype) {
  const DtypeInfo& format = Info(dtype);
  std::vector<SpecialInput> inputs;
  const auto bits_of = [&](double value) {
    uint64_t bits = 0;
    StoreElement(dtype, value, &bits);
    return bits;
  };
  const double normal = std::ldexp(1.0, format.min_exponent);
  const double least = std::ldexp(normal, 1 - format.precision);
  const double largest = std::ldexp(2 - std::ldexp(1.0, 1 - format.precision), format.max_exponent);
  const std::pair<const char*, double> values[] = {{"0", 0},
                                                   {"least subnormal", least},
                                                   {"largest subnormal", normal - least},
                                                   {"least normal", normal},
                                                   {"1", 1},
                                                   {"largest", largest},
                                                   {"infinity", std::numeric_limits<double>::infinity()}};
  for (const auto& [name, value] : values) inputs.push_back({name, bits_of(value)});
  for (const auto& [name, value] : values) inputs.push_back({absl::StrCat("-", name), bits_of(-value)});
  inputs.push_back({"NaN", bits_of(std::numeric_limits<double>::quiet_NaN())});
  for (double kink : KinksOf(activation, parameters, input)) {
    const uint64_t bits = bits_of(kink);
    if (kink == 0 || std::fabs(kink) >= largest) continue;  // its neighbours are there already
    const uint64_t ordinal = OrdinalOf(bits, dtype);
    const std::string name = absl::StrCat("kink ", kink);
    inputs.push_back({absl::StrCat(name, ", next below"), BitsOfOrdinal(ordinal - 1, dtype)});
    inputs.push_back({name, bits});
    inputs.push_back({absl::StrCat(name, ", next above"), BitsOfOrdinal(ordinal + 1, dtype)});
  }
  return inputs;
}

}  // namespace actbench
