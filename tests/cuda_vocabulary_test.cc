// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the CUDA kernels, compiled for the host, beside the kernels of the CPU: the exact tier has the bits
// of the scalar backend, the fast one those of AVX-512, whose tables and FMA it has. So what is certified of these
// holds of a GPU too, as far as its arithmetic is IEEE's, and that is for tests on one to show (gpu_kernels_test.cc).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "cuda_groups.h"  // made by kernels/cuda/CMakeLists.txt
#include "kernels/accuracy/claim.h"
#include "kernels/kernel_table.h"
#include "tests/kernel_run.h"

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

// All values of 16-bit dtypes, else so many of any bit pattern and of the domain; beside each others of either kind.
std::vector<Point> AnyPoints(Dtype dtype, const ActivationInfo& activation, size_t inputs) {
  const std::vector<double> values = Samples(dtype, activation, 3000);
  std::mt19937_64 random(kSeed);
  std::vector<Point> points;
  for (size_t input = 0; input < inputs; ++input) {
    for (double value : values) {
      Point point;
      for (size_t i = 0; i < inputs; ++i) point.push_back(i == input ? value : values[random() % values.size()]);
      points.push_back(point);
    }
  }
  return points;
}

// The defaults; others that are ordinary; and some that f32 lanes cannot serve.
std::vector<std::vector<double>> SomeParameters(const ActivationInfo& activation) {
  std::vector<std::vector<double>> sets = {*ResolveParameters(activation, {})};
  for (double factor : {1.375, 0x1p-70}) {
    std::map<std::string, double> given;
    for (const Parameter& parameter : activation.Parameters()) {
      given[std::string(parameter.name)] = parameter.default_value * factor;
    }
    const absl::StatusOr<std::vector<double>> parameters = ResolveParameters(activation, given);
    if (parameters.ok() && *parameters != sets[0]) sets.push_back(*parameters);
  }
  return sets;
}

Buffers RunOn(const PreparedKernel& kernel, const Buffers& inputs, size_t output_count, size_t n) {
  Buffers outputs(output_count, std::vector<char>(inputs[0].size()));
  std::vector<void*> pointers;
  for (std::vector<char>& output : outputs) pointers.push_back(output.data());
  EXPECT_TRUE(kernel.Run(Pointers(inputs), pointers, n).ok());
  return outputs;
}

// Which NaN it is, is no matter.
bool IsSame(Dtype dtype, const char* a, const char* b) {
  return std::memcmp(a, b, SizeBytes(dtype)) == 0 ||
         (std::isnan(LoadElement(dtype, a)) && std::isnan(LoadElement(dtype, b)));
}

void ExpectSameBits(const KernelTable& table, const KernelRow& row, const Kernel& expected) {
  const ActivationInfo& activation = **Catalog::FindActivation(row.activation);
  const size_t inputs = InputCount(activation, table.direction);
  const size_t outputs = OutputCount(activation, table.direction);
  const std::vector<Point> points = AnyPoints(table.dtype, activation, inputs);
  const Buffers packed = Pack(table.dtype, points);
  const size_t size = SizeBytes(table.dtype);
  for (const std::vector<double>& parameters : SomeParameters(activation)) {
    const Buffers got = RunOn({row.functions, parameters.data(), nullptr}, packed, outputs, points.size());
    const Buffers wanted = RunOn({expected, parameters.data()}, packed, outputs, points.size());
    for (size_t k = 0; k < outputs; ++k) {
      for (size_t i = 0; i < points.size(); ++i) {
        const char* const a = got[k].data() + i * size;
        const char* const b = wanted[k].data() + i * size;
        ASSERT_TRUE(IsSame(table.dtype, a, b))
            << expected.Name() << ", output " << k << " at " << testing::PrintToString(points[i]) << " with "
            << testing::PrintToString(parameters) << ": " << LoadElement(table.dtype, a) << " in place of "
            << LoadElement(table.dtype, b);
      }
    }
  }
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
      ExpectSameBits(table, row, **kernel);
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
