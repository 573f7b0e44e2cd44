// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/reference_lanes.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/activation_info.h"
#include "kernels/vocabulary_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/accuracy/reference_lanes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

// Targets without FMA have no exact products, which pairs need: their machines use the scalar reference.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON
HWY_BEFORE_NAMESPACE();
namespace actbench::reference_lanes::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/accuracy/lanes.inc"

LaneReference ReferenceFor(std::string_view isa) { return ReferenceOf(isa, Activations()); }
}  // namespace actbench::reference_lanes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"
#undef ACTBENCH_SSE4
#define ACTBENCH_SSE4(X)

namespace actbench::reference_lanes::scalar_lane {
using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#define ACTBENCH_SCALAR_LANES
#include "kernels/accuracy/lanes.inc"
#undef ACTBENCH_SCALAR_LANES
}  // namespace actbench::reference_lanes::scalar_lane

namespace actbench {

std::vector<LaneReference> MakeLaneReferences() {
  using reference_lanes::scalar_lane::Activations;
  std::vector<LaneReference> all = {reference_lanes::scalar_lane::ReferenceOf("scalar", Activations())};
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) all.push_back(reference_lanes::space::ReferenceFor(isa));
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return all;
}

}  // namespace actbench
#endif
