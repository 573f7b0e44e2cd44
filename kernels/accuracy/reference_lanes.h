// SPDX-License-Identifier: Apache-2.0
// The first two stages of the reference: the definitions in f64 lanes and in pairs of them, for each instruction set.
// Tested by reference_lanes_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_REFERENCE_LANES_H_
#define ACTBENCH_KERNELS_ACCURACY_REFERENCE_LANES_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace actbench {

// `inputs`: x [, gate] [, dy], `n` finite numbers each, `n` a multiple of kReferenceStep. No number may be above 2^300
// or, but for 0, below 2^-300: overflow and underflow are not accounted for.
//   f64:  outputs = value, error: the exact result is within `error` of `value`.
//   Pair: outputs = high, low, error: it is within `error` of high + low.
// An error that is infinite or NaN says that nothing is known. The first stage's exponential does not fall below
// e^-484: of results below 2^-180, which f32 and narrower dtypes round to 0, it only says that they are below.
using ReferenceFunction = void (*)(const double* parameters, const double* const* inputs, size_t n,
                                   double* const* outputs);

inline constexpr size_t kReferenceStep = 8;

struct ReferenceFunctions {
  ReferenceFunction forward;
  ReferenceFunction gradient[2];  // dx, dgate
};

struct LaneReferenceRow {
  std::string_view activation;
  ReferenceFunctions f64;
  ReferenceFunctions pair;
};

// One instruction set that the processor has and the functions of all activations.
struct LaneReference {
  std::string_view isa;
  absl::Span<const LaneReferenceRow> rows;
};

// From the narrowest to the widest; "scalar" is always there.
const std::vector<LaneReference>& LaneReferences();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REFERENCE_LANES_H_
