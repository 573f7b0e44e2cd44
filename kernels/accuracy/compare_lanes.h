// SPDX-License-Identifier: Apache-2.0
// Compares a block of a kernel's results with the reference's first stage, in lanes, and points out the elements that
// need a closer look. Tested by compare_lanes_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_COMPARE_LANES_H_
#define ACTBENCH_KERNELS_ACCURACY_COMPARE_LANES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/dtype.h"

namespace actbench {

// The least error of a result that is not the correctly rounded one: above 1/2 ulp, whatever its estimate says.
inline constexpr double kLeastMisrounded = 0.5 + 0x1p-53;

// The largest block; n is a multiple of kReferenceStep.
inline constexpr size_t kCompareBlock = 1024;

// What all elements but those that need attention add up to.
struct CompareResult {
  double max_ulp = 0;
  double sum_ulp = 0;
  uint64_t misrounded = 0;
  bool may_fall = false;  // some result is below the one before it
  size_t attention_count = 0;
  uint16_t attention[kCompareBlock];  // their places, ascending
};

// `got` is the block in the dtype, with the element before it at got[-1]; `value` and `error` are the reference's.
// Writes the rounded results to `expected` (provisional where an element needs attention). An element needs attention
// where it is undecided, its error in ulp is not known to 2^-12 (or is at most about twice as well known) or is over
// `limit`, a sign differs or is not known, or an infinity, a NaN or a zero is not where it should be.
using CompareFunction = void (*)(const void* got, const double* value, const double* error, size_t n, double limit,
                                 void* expected, CompareResult& result);
// Adjacent elements where `got` falls but `expected` does not; both have an element before the first.
using CountFallsFunction = uint64_t (*)(const void* got, const void* expected, size_t n);
// The elements as doubles; exact.
using WidenFunction = void (*)(const void* elements, size_t n, double* out);

struct CompareFunctions {
  std::string_view isa;
  CompareFunction compare[4];  // by Dtype
  CountFallsFunction count_falls[4];
  WidenFunction widen[4];
};

// From the narrowest to the widest instruction set that the processor has; "scalar" is always there.
std::vector<CompareFunctions> MakeCompareFunctions();

// The same, made once.
const std::vector<CompareFunctions>& AllCompareFunctions();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_COMPARE_LANES_H_
