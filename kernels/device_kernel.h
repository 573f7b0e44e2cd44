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
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/gpu.h"

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
  int64_t waiting_ns = 0;    // until the device takes the work: for those before it, or for the kernel to be loaded
  int64_t staging_ns = 0;    // copies between the caller's buffers and those that the device reads, by the host's clock
  int64_t to_device_ns = 0;  // by the device's clock, as the next two
  int64_t compute_ns = 0;
  int64_t from_device_ns = 0;
};

// What of a launch is in a time. None: it is the device's own. Alone: it is the host's, from the launch until it knows
// that the run is done. Graph: the same of a graph with this one run.
enum class LaunchTime : uint8_t { kNone, kAlone, kGraph };

struct TimerManner {
  bool cold = false;  // nothing of the tensor is in the device's caches when a run begins
  LaunchTime launch = LaunchTime::kNone;
};

// Times a kernel on a tensor that lies in the device's memory. For one thread.
class DeviceTimer {
 public:
  virtual ~DeviceTimer() = default;

  // The nanoseconds of one of `calls` runs one after the other.
  virtual absl::StatusOr<double> TimeKernel(int64_t calls) = 0;
  // The same of the device's own copy of x to y.
  virtual absl::StatusOr<double> TimeCopy(int64_t calls) = 0;
  virtual GpuSensors sensors() const = 0;
};

// A kernel with its parameters. Thread-safe.
class DeviceProgram {
 public:
  virtual ~DeviceProgram() = default;

  // Computes all tensors, and returns when their outputs are there; small ones share launches. Adds to `times`.
  // RESOURCE_EXHAUSTED if the memory that the device may take is taken, UNAVAILABLE if the device is lost; the outputs
  // are then anything.
  virtual absl::Status Run(absl::Span<const HostTensor> tensors, DeviceTimes& times) const = 0;

  // With the inputs of `tensor`. RESOURCE_EXHAUSTED if the device has no such memory.
  virtual absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeTimer(const HostTensor& tensor,
                                                                 const TimerManner& manner) const = 0;
};

// Thread-safe.
class DeviceKernel {
 public:
  virtual ~DeviceKernel() = default;

  // Where it runs.
  virtual const Gpu& gpu() const = 0;
  // `parameters` as KernelFunctions::prepare gets them. Not null.
  virtual std::shared_ptr<const DeviceProgram> Prepare(const double* parameters) const = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_DEVICE_KERNEL_H_
