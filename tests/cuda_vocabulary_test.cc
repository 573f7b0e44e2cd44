// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the CUDA kernels, compiled for the host, beside the kernels of the CPU: the exact tier has the bits
// of the scalar backend, the fast one those of AVX-512, whose tables and FMA it has. So what is certified of these
// holds of a GPU too, as far as its arithmetic is IEEE's, and that is for tests on one to show (gpu_kernels_test.cc).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cuda_groups.h"  // made by kernels/cuda/CMakeLists.txt
#include "kernels/accuracy/claim.h"
#include "kernels/kernel_table.h"
#include "tests/same_bits.h"

#define ACTBENCH_DECLARE(group)          \
  namespace actbench::cuda_host::group { \
  KernelTable Table();                   \
  }
ACTBENCH_CUDA_GROUPS(ACTBENCH_DECLARE)
#undef ACTBENCH_DECLARE

namespace actbench {
namespace {

std::vector<Kernel> HostKernels() {
  std::vector<KernelTable> tables;
#define ACTBENCH_ADD(group) tables.push_back(cuda_host::group::Table());
  ACTBENCH_CUDA_GROUPS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  std::vector<Kernel> kernels;
  for (const KernelTable& table : tables) {
    for (const KernelRow& row : table.rows) {
      kernels.push_back({std::string(row.activation), table.direction, table.dtype, std::string(kOwnProvider),
                         std::string(table.tier), "cpu", "sm", row.functions});
    }
  }
  return kernels;
}

TEST(CudaVocabularyTest, TheExactTierHasTheBitsOfTheScalarBackend) {
  EXPECT_GT(CompareTier(HostKernels(), "exact", "scalar"), 6 * 10);  // three dtypes, two directions
}

TEST(CudaVocabularyTest, TheFastTierHasTheBitsOfAvx512) {
  if (CompareTier(HostKernels(), "fast", "avx512") == 0)
    GTEST_SKIP() << "this machine, or this build, has no AVX-512 kernels";
}

// Whatever the machine has.
TEST(CudaVocabularyTest, TheFastTierKeepsItsClaim) {
  for (const Kernel& host : HostKernels()) {
    if (host.tier != "fast" || host.dtype == Dtype::kF64) continue;
    const ActivationInfo& activation = **Catalog::FindActivation(host.activation);
    const TestedKernel kernel(activation, DefinitionsOf(activation), host.direction, host.dtype, host.functions,
                              *ResolveParameters(activation, {}));
    const std::vector<Point> points = Points(host.dtype, activation, Samples(host.dtype, activation, 500));
    EXPECT_LE(WorstError(kernel, WithUpstream(kernel, points, 1)), ClaimOf(host)->max_ulp) << host.Name();
  }
}

}  // namespace
}  // namespace actbench
