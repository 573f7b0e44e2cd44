// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/reference.h"

#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include "kernels/vocabulary_scalar.h"

namespace actbench {
namespace {

// The list, for the entries' definitions. Their formulas are not used here.
using namespace actbench::scalar;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"

template <class Activation, class T>
Dual<T> Evaluate(const double* parameters, const T* inputs, size_t by) {
  Activation activation;
  if constexpr (!std::is_empty_v<Activation>) {
    std::memcpy(static_cast<void*>(&activation), parameters, sizeof(activation));
  }
  const auto variable = [&](size_t i) { return Dual<T>(inputs[i], T(i == by ? 1 : 0)); };
  if constexpr (Activation::kInfo.inputs == 1) {
    return activation.Definition(variable(0));
  } else {
    return activation.Definition(variable(0), variable(1));
  }
}

template <class T, class... Activation>
Definition<T> At(size_t index, TypeList<Activation...>) {
  static constexpr Definition<T> kDefinitions[] = {&Evaluate<Activation, T>...};
  return kDefinitions[index];
}

}  // namespace

BigFloat BigFloat::FromDecimal(std::string_view text) {
  BigFloat result;
  mpfr_set_str(result.value_, std::string(text).c_str(), 10, MPFR_RNDN);
  return result;
}

template <class T>
Definition<T> DefinitionAt(size_t activation_index) {
  return At<T>(activation_index, Activations());
}

template Definition<long double> DefinitionAt<long double>(size_t activation_index);
template Definition<BigFloat> DefinitionAt<BigFloat>(size_t activation_index);

template <class T>
T ReferenceInput(double x) {
  using std::scalbln;
  if (!std::isinf(x)) return T(x);
  return scalbln(T(x > 0 ? 1 : -1), NumberLimits<T>::kInfinityExponent);
}

template long double ReferenceInput<long double>(double x);
template BigFloat ReferenceInput<BigFloat>(double x);

}  // namespace actbench
