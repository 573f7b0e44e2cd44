// SPDX-License-Identifier: Apache-2.0
// The backends of CUDA devices: one for each.
#ifndef ACTBENCH_KERNELS_CUDA_CUDA_BACKEND_H_
#define ACTBENCH_KERNELS_CUDA_CUDA_BACKEND_H_

#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace actbench::cuda {

// Those of the devices that this machine has; none where it has no driver. None are looked for where the limits have no
// room for one. Adds to `warnings` why devices are left out.
std::vector<std::unique_ptr<Backend>> Backends(const GpuLimits& limits, std::vector<std::string>& warnings);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CUDA_BACKEND_H_
