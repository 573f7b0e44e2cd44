// SPDX-License-Identifier: Apache-2.0
// Times kernels by the device's own clock. Tested by device_timer_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/device_queue.h"
#include "kernels/device_kernel.h"
#include "kernels/gpu.h"

namespace actbench::cuda {

// As DeviceProgram::MakeTimer. `device` is that of `gpu`, which the timer shares.
absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeDeviceTimer(std::shared_ptr<const Gpu> gpu, Device& device,
                                                             const QueuedProgram& program, const HostTensor& tensor,
                                                             bool cold);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_
