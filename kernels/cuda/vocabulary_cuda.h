// SPDX-License-Identifier: Apache-2.0
// The vocabulary of formulas for CUDA, one lane to a thread: vocabulary_scalar.h with FMA, as device functions, and
// with the GPU's conversions. Compiled for the host it gives the same bits, which cuda_vocabulary_test.cc checks there.
// Included in place of vocabulary_scalar.h and before everything else that has formulas.
//
// kHasFma and kQuickLookup are those of AVX-512, and so are the bits of the fast tier. A row of a table has 16 or 32
// entries, so that it lies in one line of the first-level cache, and a warp whose threads look up different entries is
// served at once, as from shared memory; from constant memory it would be served entry by entry. The tables of a kernel
// take at most 2 KiB, which stay in the cache, as the tensors pass it by (tensor_kernel.cuh). The formulas without
// tables would take more instructions than 16-bit dtypes have time for.
#ifndef ACTBENCH_KERNELS_CUDA_VOCABULARY_CUDA_H_
#define ACTBENCH_KERNELS_CUDA_VOCABULARY_CUDA_H_

#ifdef __CUDACC__
#define ACT_FN __device__ __forceinline__
#define ACT_DATA __device__ __align__(128)
#else
#define ACT_FN inline __attribute__((always_inline))
#endif

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/dtype.h"
#ifdef __CUDACC__
#include "kernels/cuda/conversions.cuh"
#endif

#define ACTBENCH_SCALAR_NAMESPACE cuda
#define ACTBENCH_SCALAR_FMA true
#define ACTBENCH_SCALAR_SLOW_SUBNORMALS false

namespace actbench::cuda {

#ifndef __CUDACC__
// NaN as a GPU has it after any operation in f32: all ones.
inline float WithNaNOfGpu(double value) {
  return std::isnan(value) ? std::bit_cast<float>(0x7fffffffu) : static_cast<float>(value);
}
inline float Widened(F16 value) { return WithNaNOfGpu(ToDouble(value)); }
inline float Widened(BF16 value) { return WithNaNOfGpu(ToDouble(value)); }
inline void RoundTo(float value, F16& rounded) { rounded = ToF16(value); }
inline void RoundTo(float value, BF16& rounded) { rounded = ToBF16(value); }
#endif

// `value` as a float rounded to odd, as in vocabulary_memory.inc: what then rounds to 16 bits has rounded once.
ACT_FN float RoundedToOdd(double value) {
  const float nearest = static_cast<float>(value);
  const double back = nearest;
  uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if (std::fabs(back) > std::fabs(value)) --bits;
  if (back != value) bits |= 1;  // NaN stays one
  return std::bit_cast<float>(bits);
}
ACT_FN void RoundTo(double value, F16& rounded) { RoundTo(RoundedToOdd(value), rounded); }
ACT_FN void RoundTo(double value, BF16& rounded) { RoundTo(RoundedToOdd(value), rounded); }

}  // namespace actbench::cuda

// After what it uses.
#include "kernels/vocabulary_scalar.h"

#endif  // ACTBENCH_KERNELS_CUDA_VOCABULARY_CUDA_H_
