// SPDX-License-Identifier: Apache-2.0
// The SIMD kernels of one dtype, direction and tier: compiled once for each group of kernels/CMakeLists.txt, and in it
// once for each Highway target. ACTBENCH_GROUP names the namespace; ACTBENCH_DTYPE, ACTBENCH_STORAGE, ACTBENCH_LANE,
// ACTBENCH_DIRECTION, ACTBENCH_TIER_NAME, ACTBENCH_EXACT_TIER, ACTBENCH_NARROW_RESULTS and ACTBENCH_HALF_RESULTS say
// what the group is.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"
#include "kernels/streaming.h"
#include "kernels/subnormals.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACT_FN
#define ACT_FN HWY_INLINE
#endif

// Highway's own scalar target is only the fallback of its dispatcher; scalar_kernels.cc has ours.
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::ACTBENCH_GROUP::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"
// In this order.
#include "kernels/subnormals.inc"
// In this order.
#include "kernels/kernels.inc"

absl::Span<const KernelRow> Rows() {
  return RowsOf<ACTBENCH_DIRECTION, ACTBENCH_STORAGE, ACTBENCH_LANE>(KernelActivations());
}
}  // namespace actbench::ACTBENCH_GROUP::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::ACTBENCH_GROUP {

// Rows() is compiled for its target too, so the processor is asked first.
void AddSimdTables([[maybe_unused]] KernelTables& tables) {
#define ACTBENCH_ADD(target, space, isa)                                                            \
  if (hwy::SupportedTargets() & target) {                                                           \
    tables.push_back({isa, ACTBENCH_DIRECTION, ACTBENCH_DTYPE, ACTBENCH_TIER_NAME, space::Rows()}); \
  }
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
}

}  // namespace actbench::ACTBENCH_GROUP
#endif
