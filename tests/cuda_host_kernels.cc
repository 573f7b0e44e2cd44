// SPDX-License-Identifier: Apache-2.0
// The CUDA vocabulary's kernels of one group, compiled for the host: scalar_kernels.cc with another vocabulary. For
// cuda_vocabulary_test.cc.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/cuda/vocabulary_cuda.h"
// After the vocabulary, which says what ACT_FN is.
#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"
#include "kernels/streaming.h"
#include "kernels/subnormals.h"

namespace actbench::cuda_host::ACTBENCH_GROUP {
namespace {
using namespace actbench::cuda;
using namespace actbench::cuda::ACTBENCH_TIER;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"
// In this order.
#include "kernels/kernels.inc"
}  // namespace

KernelTable Table() {
  return {"sm", ACTBENCH_DIRECTION, ACTBENCH_DTYPE, ACTBENCH_TIER_NAME,
          RowsOf<ACTBENCH_DIRECTION, ACTBENCH_STORAGE, ACTBENCH_LANE>(KernelActivations())};
}

}  // namespace actbench::cuda_host::ACTBENCH_GROUP
