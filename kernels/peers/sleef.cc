// SPDX-License-Identifier: Apache-2.0
// The peer "sleef": formulas.inc over SLEEF's vector functions, within 1 ulp each (u10) as PyTorch has them, compiled
// for each target as our own kernels are. SLEEF has no relu and the like, so neither has this.
#include <cstring>
#include <string_view>
#include <type_traits>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peers/sleef.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACT_FN
#define ACT_FN HWY_INLINE
#endif

#undef ACTBENCH_SLEEF
#undef ACTBENCH_SLEEF_VECTOR
#if HWY_TARGET == HWY_AVX3
#define ACTBENCH_SLEEF(name) Sleef_##name##f16_u10avx512f
#define ACTBENCH_SLEEF_VECTOR __m512
#elif HWY_TARGET == HWY_AVX2
#define ACTBENCH_SLEEF(name) Sleef_##name##f8_u10avx2
#define ACTBENCH_SLEEF_VECTOR __m256
#elif HWY_TARGET == HWY_SSE4
#define ACTBENCH_SLEEF(name) Sleef_##name##f4_u10sse4
#define ACTBENCH_SLEEF_VECTOR __m128
#elif HWY_TARGET == HWY_NEON
#define ACTBENCH_SLEEF(name) Sleef_##name##f4_u10advsimd
#define ACTBENCH_SLEEF_VECTOR float32x4_t
#endif

#ifdef ACTBENCH_SLEEF
HWY_BEFORE_NAMESPACE();
namespace actbench::peers::sleef::HWY_NAMESPACE {
#include "kernels/peers/vectors.inc"

// sleef.h declares what the whole translation unit is compiled for.
#define ACTBENCH_FUNCTION(Name, name)                                           \
  extern "C" ACTBENCH_SLEEF_VECTOR ACTBENCH_SLEEF(name)(ACTBENCH_SLEEF_VECTOR); \
  ACT_FN hn::Vec<LaneF32> Name(LaneF32, hn::Vec<LaneF32> x) { return hn::Vec<LaneF32>{ACTBENCH_SLEEF(name)(x.raw)}; }
ACTBENCH_FUNCTION(Exp, exp)
ACTBENCH_FUNCTION(ExpMinusOne, expm1)
ACTBENCH_FUNCTION(Log1p, log1p)
ACTBENCH_FUNCTION(Tanh, tanh)
ACTBENCH_FUNCTION(Erf, erf)
#undef ACTBENCH_FUNCTION

#include "kernels/peers/formulas.inc"
// In this order.
#include "kernels/peers/rows.inc"

void AddTables(std::string_view isa, KernelTables& tables) {
  AddTablesOf<LaneF32>(ExpFormulas(), "sleef", isa, tables);
  AddTablesOf<LaneF32>(ErfFormulas(), "sleef", isa, tables);
}
}  // namespace actbench::peers::sleef::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::peers::sleef {

void AddTables([[maybe_unused]] KernelTables& tables) {
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) space::AddTables(isa, tables);
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
}

}  // namespace actbench::peers::sleef
#endif
