// SPDX-License-Identifier: Apache-2.0
// Whether the reference's first stage keeps its promise, for tests.
#ifndef ACTBENCH_TESTS_WITHIN_H_
#define ACTBENCH_TESTS_WITHIN_H_

#include <cmath>

#include "kernels/accuracy/big_float.h"

namespace actbench {

// Where a result is so small that no dtype with this stage tells it from 0, or so large that it is infinite in all of
// them, only that is promised, and its sign.
inline bool IsWithin(double value, double error, const BigFloat& exact) {
  if (error != error || std::isinf(error)) return true;
  const double near = exact.ToDouble();
  if (std::fabs(near) < 0x1p-180 && std::fabs(value) + error < 0x1p-180) {
    return near == 0 || (error > 0 && error >= std::fabs(value)) || std::signbit(near) == std::signbit(value);
  }
  if (std::fabs(near) > 0x1p180 && std::fabs(value) - error > 0x1p180) return std::signbit(near) == std::signbit(value);
  return abs(BigFloat(value) - exact) <= BigFloat(error);
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_WITHIN_H_
