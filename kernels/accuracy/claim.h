// SPDX-License-Identifier: Apache-2.0
// What kernels claim of their errors: the one place where it is written. The tests hold kernels to it, the server says
// of each report whether it is kept, and its metrics have it as their limit. Tested by claim_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_CLAIM_H_
#define ACTBENCH_KERNELS_ACCURACY_CLAIM_H_

#include <cstdint>
#include <optional>

#include "kernels/kernel.h"

namespace actbench {

struct Claim {
  double max_ulp;                  // the largest error
  bool correctly_rounded = false;  // whether no result is misrounded, besides
  // Whether it is of every input. If not, some are left out of it that a report does not tell apart: those where f' is
  // subnormal, of which a large dy shows every digit that it lacks, or where an f64 partial derivative cancels.
  bool everywhere = true;
};

// What is to be claimed of.
struct ClaimScope {
  bool default_parameters = true;
  bool unit_upstream = true;  // of gradients: dy = 1 alone
};

// Nothing of other providers' kernels.
std::optional<Claim> ClaimOf(const Kernel& kernel, const ClaimScope& scope = {});

// Whether the errors of a report are as claimed.
bool IsKept(const Claim& claim, double max_ulp, int64_t misrounded);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_CLAIM_H_
