// SPDX-License-Identifier: Apache-2.0
// Kernels that a library launches, whose errors are not CUDA's: apart from launch.h, as nvcc knows no Abseil here.
#ifndef ACTBENCH_KERNELS_CUDA_LIBRARY_CALLS_H_
#define ACTBENCH_KERNELS_CUDA_LIBRARY_CALLS_H_

#include "absl/status/status.h"
#include "kernels/cuda/launch.h"

namespace actbench::cuda {

// What LaunchRow::launch and LaunchRow::load are for others. `device` is the current one. UNIMPLEMENTED where the
// library has no such kernel.
struct LibraryCalls {
  absl::Status (*launch)(const Launch& launch, int device);
  absl::Status (*load)(int device);
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_LIBRARY_CALLS_H_
