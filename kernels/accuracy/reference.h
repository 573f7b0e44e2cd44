// SPDX-License-Identifier: Apache-2.0
// The definitions of the activations, evaluated beyond double precision: what every result is compared with. Tested by
// reference_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_
#define ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_

#include <cstddef>

#include "kernels/accuracy/dual.h"
#include "kernels/activation_info.h"

namespace actbench {

// f and its derivative with respect to input number `by`, at `inputs` (x [, gate]), for the parameters in order.
// T is long double (64 significant bits; enough for f32, f16 and bf16) or BigFloat.
template <class T>
using Definition = Dual<T> (*)(const double* parameters, const T* inputs, size_t by);

// The definition of an activation of AllActivations(), found by its name; of any other, one that is NaN everywhere.
template <class T>
Definition<T> DefinitionOf(const ActivationInfo& activation);

extern template Definition<long double> DefinitionOf<long double>(const ActivationInfo& activation);
extern template Definition<BigFloat> DefinitionOf<BigFloat>(const ActivationInfo& activation);

// One definition in both number types.
struct Definitions {
  Definition<long double> narrow;
  Definition<BigFloat> wide;
};

// An input as a definition takes it: infinity becomes a number so large that the result is the limit. Not NaN.
template <class T>
T ReferenceInput(double x);

extern template long double ReferenceInput<long double>(double x);
extern template BigFloat ReferenceInput<BigFloat>(double x);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_
