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

std::vector<KernelTable> HostTables() {
  std::vector<KernelTable> tables;
#define ACTBENCH_ADD(group) tables.push_back(cuda_host::group::Table());
  ACTBENCH_CUDA_GROUPS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

// Of each kernel of the tier beside that of the CPU's for `isa`; how many there were.
int CompareTier(const std::string& tier, const std::string& isa) {
  int compared = 0;
  for (const KernelTable& table : HostTables()) {
    if (table.tier != tier) continue;
    for (const KernelRow& row : table.rows) {
      const KernelSelector selector = {.tier = tier, .isa = isa, .device = "cpu"};
      const absl::StatusOr<const Kernel*> kernel =
          Catalog::Default().FindKernel(row.activation, table.direction, table.dtype, selector);
      if (!kernel.ok()) continue;
      const auto prepare = [&](const std::vector<double>& parameters) {
        return PreparedKernel(row.functions, parameters.data(), nullptr);
      };
      ExpectSameBits(prepare, **kernel);
      ++compared;
    }
  }
  return compared;
}

TEST(CudaVocabularyTest, TheExactTierHasTheBitsOfTheScalarBackend) {
  EXPECT_GT(CompareTier("exact", "scalar"), 6 * 10);  // three dtypes, two directions
}

TEST(CudaVocabularyTest, TheFastTierHasTheBitsOfAvx512) {
  if (CompareTier("fast", "avx512") == 0) GTEST_SKIP() << "this machine, or this build, has no AVX-512 kernels";
}

// Whatever the machine has.
TEST(CudaVocabularyTest, TheFastTierKeepsItsClaim) {
  for (const KernelTable& table : HostTables()) {
    if (table.tier != "fast" || table.dtype == Dtype::kF64) continue;
    for (const KernelRow& row : table.rows) {
      const ActivationInfo& activation = **Catalog::FindActivation(row.activation);
      const TestedKernel kernel(activation, DefinitionsOf(activation), table.direction, table.dtype, row.functions,
                                *ResolveParameters(activation, {}));
      const Kernel described = {std::string(row.activation), table.direction, table.dtype, std::string(kOwnProvider),
                                std::string(table.tier),     "cpu",           "sm",        row.functions};
      const std::vector<Point> points = Points(table.dtype, activation, Samples(table.dtype, activation, 500));
      EXPECT_LE(WorstError(kernel, WithUpstream(kernel, points, 1)), ClaimOf(described)->max_ulp) << described.Name();
    }
  }
}

}  // namespace
}  // namespace actbench
