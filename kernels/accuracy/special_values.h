// SPDX-License-Identifier: Apache-2.0
// The inputs of the special-value matrix. Tested by special_values_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_SPECIAL_VALUES_H_
#define ACTBENCH_KERNELS_ACCURACY_SPECIAL_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/activation_info.h"
#include "kernels/dtype.h"

namespace actbench {

// Where the pieces of a piecewise activation meet along input number `input` (0: x, 1: gate): what its definition
// compares this input with. Ascending, each once.
std::vector<double> KinksOf(const ActivationInfo& activation, const double* parameters, size_t input);

struct SpecialInput {
  std::string name;
  uint64_t bits;
};

// Zeros, infinities, NaN, the least and largest subnormal and normal numbers, and the kinks along one input with their
// neighbours; a kink that is no number of the dtype is represented by the two beside it.
std::vector<SpecialInput> SpecialInputs(const ActivationInfo& activation, const double* parameters, size_t input,
                                        Dtype dtype);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_SPECIAL_VALUES_H_
