// SPDX-License-Identifier: Apache-2.0
// The backends of one device, one for each provider: their kernels share a queue.
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_

#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace actbench::cuda {

// Whether a device can serve within them: they have room for a slot of its queue.
bool HasRoom(const GpuLimits& limits);

// With the kernels of these tables, which live as long as the program; in the order in which they name providers.
std::vector<std::unique_ptr<Backend>> MakeDeviceBackends(GpuInfo info, std::unique_ptr<Device> device,
                                                         const std::vector<LaunchTable>& tables,
                                                         const GpuLimits& limits);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_
