// SPDX-License-Identifier: Apache-2.0
// The exact result of one input, and errors in ulp of it. Tested by error_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_EXACT_RESULT_H_
#define ACTBENCH_KERNELS_ACCURACY_EXACT_RESULT_H_

#include <cstdint>

#include "kernels/accuracy/big_float.h"
#include "kernels/dtype.h"

namespace actbench {

// What decided a result: f64, a pair of doubles, or MPFR.
enum class Stage : uint8_t { kF64, kPair, kMpfr };

// The exact result of one input and what it rounds to.
struct ExactResult {
  // 2^-scale times their sum is the exact result to about 2^-100 of itself; in f64's stage `low` is 0, and it is within
  // 2^-12 ulp of the dtype. Infinite where the rounded result is; NaN where the exact result is none, and both NaN
  // where the definition fails.
  double high = 0;
  double low = 0;
  uint64_t bits = 0;  // correctly rounded in the dtype: to nearest, ties to even; of NaN a quiet one
  int scale = 0;      // not 0 only in f64, for results whose `low` would underflow
  // That of the exact result, which decides its ulp. Unknown where it is so near to a power of two that the side is not
  // known.
  int exponent = 0;
  bool knows_exponent = true;
  Stage stage = Stage::kMpfr;
};

// floor(log2(abs(value))), where that is below that of the least normal number of `format`, or `value` is 0, the
// latter.
int ExponentIn(double value, const DtypeInfo& format);
int ExponentIn(const BigFloat& value, const DtypeInfo& format);

// `value`, not NaN, rounded to nearest even, in MPFR's arithmetic.
double RoundToFormat(const BigFloat& value, const DtypeInfo& format);
// As an exact result.
ExactResult ToExactResult(const BigFloat& value, const DtypeInfo& format);

// abs(got - exact) / ulp(exact), where ulp(e) is 2^(max(floor(log2 abs(e)), emin) - p + 1). Infinity where a NaN or an
// infinity, or the lack of one, is wrong, and only there.
double UlpError(double got, const ExactResult& exact, const DtypeInfo& format);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_EXACT_RESULT_H_
