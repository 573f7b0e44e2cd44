// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the CUDA kernels, compiled for the host, beside the kernels of the CPU: the exact tier has the bits
// of the scalar backend, the fast one those of AVX-512, whose tables and FMA it has. So what is certified of these
// holds of a GPU too, as far as its arithmetic is IEEE's, and that is for tests on one to show (gpu_kernels_test.cc).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
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

// Of any bits: a GPU makes NaN of all ones but the sign, in narrow formats too.
template <class Bits>
void ExpectNaNsGiveNaN(const Kernel& kernel, std::initializer_list<Bits> nans) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  const size_t inputs = InputCount(activation, kernel.direction);
  const std::vector<double> parameters = *ResolveParameters(activation, {});
  const PreparedKernel prepared(kernel, parameters.data());
  std::vector<char> one(sizeof(Bits));
  StoreElement(kernel.dtype, 1, one.data());
  for (const Bits nan : nans) {
    Buffers buffers(inputs, one);
    std::memcpy(buffers[0].data(), &nan, sizeof(nan));
    const Buffers outputs = RunOn(prepared, buffers, OutputCount(activation, kernel.direction), 1);
    EXPECT_TRUE(std::isnan(LoadElement(kernel.dtype, outputs[0].data())))
        << kernel.Name() << " of the NaN " << std::hex << +nan << ": " << LoadElement(kernel.dtype, outputs[0].data());
  }
}

TEST(CudaVocabularyTest, NaNsOfAllOnesGiveNaN) {
  for (const Kernel& kernel : HostKernels()) {
    if (kernel.dtype == Dtype::kF64) {
      ExpectNaNsGiveNaN<uint64_t>(kernel, {0x7fffffffffffffff, 0xffffffffffffffff, 0x7ff0000000000001});
    } else if (kernel.dtype == Dtype::kF32) {
      ExpectNaNsGiveNaN<uint32_t>(kernel, {0x7fffffff, 0xffffffff, 0x7f800001});
    } else {
      ExpectNaNsGiveNaN<uint16_t>(kernel, {0x7fff, 0xffff});
    }
  }
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
