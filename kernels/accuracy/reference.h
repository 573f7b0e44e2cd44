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

// The definition of an activation of AllActivations(), by its place there.
template <class T>
Definition<T> DefinitionAt(size_t activation_index);

extern template Definition<long double> DefinitionAt<long double>(size_t activation_index);
extern template Definition<BigFloat> DefinitionAt<BigFloat>(size_t activation_index);

// An input as a definition takes it: infinity becomes a number so large that the result is the limit. Not NaN.
template <class T>
T ReferenceInput(double x);

extern template long double ReferenceInput<long double>(double x);
extern template BigFloat ReferenceInput<BigFloat>(double x);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_
