// SPDX-License-Identifier: Apache-2.0
// The scalar kernels of one dtype, direction and tier: the portable baseline, from the same formulas one number at a
// time. Compiled once for each group of kernels/CMakeLists.txt, with the same definitions as simd_kernels.cc.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"
#include "kernels/streaming.h"
#include "kernels/subnormals.h"
#include "kernels/vocabulary_scalar.h"

namespace actbench::ACTBENCH_GROUP {
namespace {
using namespace actbench::scalar;
using namespace actbench::scalar::ACTBENCH_TIER;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"
// In this order.
#include "kernels/kernels.inc"
}  // namespace

void AddScalarTables(KernelTables& tables) {
  tables.push_back({"scalar", ACTBENCH_DIRECTION, ACTBENCH_DTYPE, ACTBENCH_TIER_NAME,
                    RowsOf<ACTBENCH_DIRECTION, ACTBENCH_STORAGE, ACTBENCH_LANE>(KernelActivations())});
}

}  // namespace actbench::ACTBENCH_GROUP
