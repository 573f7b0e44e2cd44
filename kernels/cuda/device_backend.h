// SPDX-License-Identifier: Apache-2.0
// The backend of one device: its kernels, which share a queue.
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_

#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace actbench::cuda {

// With the kernels of these tables, which live as long as the program.
std::unique_ptr<Backend> MakeDeviceBackend(GpuInfo info, std::unique_ptr<Device> device,
                                           std::vector<LaunchTable> tables, const GpuLimits& limits);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_BACKEND_H_
