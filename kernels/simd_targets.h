// SPDX-License-Identifier: Apache-2.0
// The Highway targets that kernels are compiled for, each with the isa name it has in kernel names. Include after
// hwy/highway.h, in the HWY_ONCE part of a foreach_target translation unit.
#ifndef ACTBENCH_KERNELS_SIMD_TARGETS_H_
#define ACTBENCH_KERNELS_SIMD_TARGETS_H_

// Calls X(target bit, namespace, isa) for each target that this build has, from the narrowest to the widest.
#define ACTBENCH_FOR_EACH_SIMD_TARGET(X) ACTBENCH_SSE4(X) ACTBENCH_AVX2(X) ACTBENCH_AVX512(X) ACTBENCH_NEON(X)

#if HWY_TARGETS & HWY_SSE4
#define ACTBENCH_SSE4(X) X(HWY_SSE4, N_SSE4, "sse4")
#else
#define ACTBENCH_SSE4(X)
#endif
#if HWY_TARGETS & HWY_AVX2
#define ACTBENCH_AVX2(X) X(HWY_AVX2, N_AVX2, "avx2")
#else
#define ACTBENCH_AVX2(X)
#endif
#if HWY_TARGETS & HWY_AVX3
#define ACTBENCH_AVX512(X) X(HWY_AVX3, N_AVX3, "avx512")
#else
#define ACTBENCH_AVX512(X)
#endif
#if HWY_TARGETS & HWY_NEON
#define ACTBENCH_NEON(X) X(HWY_NEON, N_NEON, "neon")
#else
#define ACTBENCH_NEON(X)
#endif

#endif  // ACTBENCH_KERNELS_SIMD_TARGETS_H_
