// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/compare_lanes.h"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/vocabulary_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/accuracy/compare_lanes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::compare_lanes::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "kernels/accuracy/compare_lanes.inc"
}  // namespace actbench::compare_lanes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::compare_lanes::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#define ACTBENCH_SCALAR_LANES
#include "kernels/accuracy/compare_lanes.inc"
#undef ACTBENCH_SCALAR_LANES
}  // namespace actbench::compare_lanes::scalar_lane

namespace actbench {

std::vector<CompareFunctions> MakeCompareFunctions() {
  std::vector<CompareFunctions> all = {compare_lanes::scalar_lane::FunctionsFor("scalar")};
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) all.push_back(compare_lanes::space::FunctionsFor(isa));
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return all;
}

}  // namespace actbench
#endif
