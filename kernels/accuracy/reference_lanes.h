// SPDX-License-Identifier: Apache-2.0
// The first two stages of the reference: the definitions in f64 lanes and in pairs of them, for each instruction set.
// Tested by reference_lanes_test.cc and reference_lines_test.cc.
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
//   range: `inputs` are the middle and the radius of n ranges of x instead; outputs = value, error, slope, error: those
//   of
//          f(x) and f'(x) for every x in the range.
// An error that is infinite or NaN says that nothing is known. The first stage's exponential does not fall below
// e^-484 nor rise above e^484: of results below 2^-180, which f32 and narrower dtypes round to 0, and of those above
// 2^180, which they round to infinity, it only says that they are that, and what sign they have.
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
  ReferenceFunction range;  // null with a gate
};

// A straight line that results follow: at t they are within error + error_slope abs(t - from) of
// value + slope (t - from); or below 2^-180 or above 2^180, as it is, with its sign.
struct Line {
  double from;
  double value;
  double slope;
  double error;
  double error_slope;
};
// The line's values at `n` places t (a multiple of kReferenceStep), and their errors.
using FollowFunction = void (*)(const Line& line, const double* t, size_t n, double* value, double* error);

// One instruction set that the processor has and the functions of all activations.
struct LaneReference {
  std::string_view isa;
  absl::Span<const LaneReferenceRow> rows;
  FollowFunction follow;
};

// From the narrowest to the widest; "scalar" is always there.
std::vector<LaneReference> MakeLaneReferences();

// The same, made once.
const std::vector<LaneReference>& LaneReferences();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REFERENCE_LANES_H_
