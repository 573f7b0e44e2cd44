// SPDX-License-Identifier: Apache-2.0
// The launches of a sweep (sweep.h) that are no activations. Plain types, for nvcc.
#ifndef ACTBENCH_KERNELS_CUDA_SWEEP_ROWS_H_
#define ACTBENCH_KERNELS_CUDA_SWEEP_ROWS_H_

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace actbench::cuda {

// What a comparison finds, as it lies in the device's memory.
struct SweepCounts {
  uint64_t differing;  // results that differ
  // The most steps that two of them are apart, above the bits of the input that it is at (sweep_distance.h).
  uint64_t worst;
};

// The launches that a sweep is made of beside the kernels: sweep_kernels.cu has CUDA's.
struct SweepRows {
  LaunchRow fill;     // the output is `elements` inputs in the order of their bits; parameters: the first
  LaunchRow ones;     // the output is 1 everywhere
  LaunchRow compare;  // inputs: the two results; output: SweepCounts, of which it adds to; parameters: the first input
};
SweepRows SweepRowsOf(Dtype dtype);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_SWEEP_ROWS_H_
