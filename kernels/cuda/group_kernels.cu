// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels of one dtype, direction and tier. Compiled once for each group of kernels/CMakeLists.txt, with the
// same definitions as simd_kernels.cc.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/cuda/vocabulary_cuda.h"
// After the vocabulary, which says what ACT_FN is.
#include "kernels/activation_info.h"
#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/launch.h"

namespace actbench::cuda::ACTBENCH_GROUP {
namespace {
using namespace actbench::cuda::ACTBENCH_TIER;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"
// In this order.
#include "kernels/vector.inc"
// In this order.
#include "kernels/cuda/tensor_kernel.cuh"
}  // namespace

LaunchTable Table() {
  return TableOf<ACTBENCH_DIRECTION, ACTBENCH_STORAGE, ACTBENCH_LANE>(KernelActivations(), ACTBENCH_DTYPE,
                                                                      ACTBENCH_TIER_NAME);
}

}  // namespace actbench::cuda::ACTBENCH_GROUP
