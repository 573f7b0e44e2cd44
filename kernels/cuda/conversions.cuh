// SPDX-License-Identifier: Apache-2.0
// The GPU's conversions between f32 and 16 bits, each with one rounding to nearest even. After a definition of ACT_FN.
#ifndef ACTBENCH_KERNELS_CUDA_CONVERSIONS_CUH_
#define ACTBENCH_KERNELS_CUDA_CONVERSIONS_CUH_

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "kernels/dtype.h"

namespace actbench::cuda {

ACT_FN float Widened(F16 value) { return __half2float(__ushort_as_half(value.bits)); }
ACT_FN float Widened(BF16 value) { return __uint_as_float(static_cast<uint32_t>(value.bits) << 16); }
ACT_FN void RoundTo(float value, F16& rounded) { rounded.bits = __half_as_ushort(__float2half_rn(value)); }
ACT_FN void RoundTo(float value, BF16& rounded) { rounded.bits = __bfloat16_as_ushort(__float2bfloat16_rn(value)); }

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CONVERSIONS_CUH_
