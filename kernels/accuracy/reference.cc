// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/reference.h"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "kernels/vocabulary_scalar.h"

namespace actbench {
namespace {

// The list, for the entries' definitions. Their formulas are not used here.
using namespace actbench::scalar;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"

// In this order.
#include "kernels/accuracy/definitions.inc"

// Of what is not in the list.
template <class T>
Dual<T> Undefined(const double*, const T*, size_t) {
  return Dual<T>(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

BigFloat BigFloat::FromDecimal(std::string_view text) {
  BigFloat result;
  mpfr_set_str(result.value_, std::string(text).c_str(), 10, MPFR_RNDN);
  return result;
}

template <class T>
Definition<T> DefinitionOf(const ActivationInfo& activation) {
  const Definition<T> found = FindDefinition<T>(activation.name, Activations());
  return found == nullptr ? &Undefined<T> : found;
}

template Definition<long double> DefinitionOf<long double>(const ActivationInfo& activation);
template Definition<BigFloat> DefinitionOf<BigFloat>(const ActivationInfo& activation);

template <class T>
T ReferenceInput(double x) {
  using std::scalbln;
  if (!std::isinf(x)) return T(x);
  return scalbln(T(x > 0 ? 1 : -1), NumberLimits<T>::kInfinityExponent);
}

template long double ReferenceInput<long double>(double x);
template BigFloat ReferenceInput<BigFloat>(double x);

}  // namespace actbench
