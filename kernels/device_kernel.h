// SPDX-License-Identifier: Apache-2.0
// A kernel that does not run on the CPU: where KernelFunctions (kernel.h) has functions that cannot fail, this has a
// device that may have no memory left or be lost.
#ifndef ACTBENCH_KERNELS_DEVICE_KERNEL_H_
#define ACTBENCH_KERNELS_DEVICE_KERNEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace actbench {

// The buffers of a tensor in the host's memory, of any alignment: inputs x [, gate] [, dy], outputs y or dx [, dgate].
// An output may be the same buffer as an input.
struct HostTensor {
  std::array<const void*, 3> inputs = {};
  std::array<void*, 2> outputs = {};
  size_t elements = 0;
};

// Where the time of a run went. What overlaps counts for each.
struct DeviceTimes {
  int64_t staging_ns = 0;    // copies between the caller's buffers and those that the device reads, by the host's clock
  int64_t to_device_ns = 0;  // by the device's clock, as the next two
  int64_t compute_ns = 0;
  int64_t from_device_ns = 0;
};

// A kernel with its parameters. Thread-safe.
class DeviceProgram {
 public:
  virtual ~DeviceProgram() = default;

  // Computes all tensors, and returns when their outputs are there; small ones share launches. Adds to `times`.
  // RESOURCE_EXHAUSTED if the memory that the device may take is taken, UNAVAILABLE if the device is lost; the outputs
  // are then anything.
  virtual absl::Status Run(absl::Span<const HostTensor> tensors, DeviceTimes& times) const = 0;
};

// Thread-safe.
class DeviceKernel {
 public:
  virtual ~DeviceKernel() = default;

  // `parameters` as KernelFunctions::prepare gets them. Not null.
  virtual std::shared_ptr<const DeviceProgram> Prepare(const double* parameters) const = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_DEVICE_KERNEL_H_
