// SPDX-License-Identifier: Apache-2.0
// The peer "highway": formulas.inc over Highway's operations and the functions of its contrib/math, compiled for each
// target as our own kernels are. Highway has no erf.
#include <cstring>
#include <string_view>
#include <type_traits>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peers/highway.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#ifndef ACT_FN
#define ACT_FN HWY_INLINE
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::peers::highway::HWY_NAMESPACE {
#include "kernels/peers/vectors.inc"

// Highway's exponentials are for x up to 104; from 88.73 on they are infinite. NaN gets there: the second argument of
// Min is the result where there is one. No templates, which makes these a better match than Highway's own.
ACT_FN hn::Vec<LaneF32> Exp(LaneF32 d, hn::Vec<LaneF32> x) { return hn::Exp(d, Min(Set(d, 104), x)); }
ACT_FN hn::Vec<LaneF32> ExpMinusOne(LaneF32 d, hn::Vec<LaneF32> x) { return hn::Expm1(d, Min(Set(d, 104), x)); }
using hn::Log1p;
using hn::Tanh;

#include "kernels/peers/formulas.inc"
// In this order.
#include "kernels/peers/rows.inc"

void AddTables(std::string_view isa, KernelTables& tables) {
  AddTablesOf<LaneF32>(PiecewiseFormulas(), "highway", isa, tables);
  AddTablesOf<LaneF32>(ExpFormulas(), "highway", isa, tables);
}
}  // namespace actbench::peers::highway::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench::peers::highway {

void AddTables([[maybe_unused]] KernelTables& tables) {
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) space::AddTables(isa, tables);
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
}

}  // namespace actbench::peers::highway
#endif
