// SPDX-License-Identifier: Apache-2.0
// Times kernels by the device's own clock, and launches of them by the host's. Tested by device_timer_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/device_queue.h"
#include "kernels/device_kernel.h"
#include "kernels/gpu.h"

namespace actbench::cuda {

// A GPU as a timer needs it.
class TimedGpu : public Gpu {
 public:
  virtual Device& device() const = 0;
  // sensors() without what a timer does not ask, as it asks often.
  virtual GpuSensors clock() const = 0;
};

// As DeviceProgram::MakeTimer; its sensors are the GPU's clock().
absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeDeviceTimer(std::shared_ptr<const TimedGpu> gpu,
                                                             const QueuedProgram& program, const HostTensor& tensor,
                                                             const TimerManner& manner);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_TIMER_H_
