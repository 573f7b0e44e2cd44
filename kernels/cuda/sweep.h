// SPDX-License-Identifier: Apache-2.0
// Compares two kernels of a device at all inputs of f32, f16 or bf16 without moving any of them to the host: the fast
// tier with the exact one, whose results are correctly rounded. Tested by sweep_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_SWEEP_H_
#define ACTBENCH_KERNELS_CUDA_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/sweep_rows.h"

namespace actbench::cuda {

struct SweepResult {
  uint64_t inputs = 0;
  uint64_t differing = 0;
  uint32_t max_distance = 0;
  uint32_t worst_bits = 0;  // of x
  double seconds = 0;       // by the device's clock
};

// `bits` of the dtype: 32 or 16. A gradient is compared at dy = 1. `step` elements at a time.
absl::StatusOr<SweepResult> Sweep(Device& device, const SweepRows& rows, const LaunchRow& kernel,
                                  const LaunchRow& exact, const std::vector<double>& parameters, int bits, size_t step);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_SWEEP_H_
