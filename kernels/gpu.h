// SPDX-License-Identifier: Apache-2.0
// A GPU as the server describes and watches it.
#ifndef ACTBENCH_KERNELS_GPU_H_
#define ACTBENCH_KERNELS_GPU_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"

namespace actbench {

struct GpuInfo {
  int ordinal = 0;         // its place among all GPUs
  std::string device;      // "cuda:0"
  std::string model;       // in the words of its driver
  std::string uuid;        // "GPU-" and 32 hexadecimal digits with dashes, as nvidia-smi has it
  std::string pci_bus_id;  // "0000:01:00.0"
  std::string isa;         // "sm_90"
  std::string driver;      // the newest version of CUDA that the driver has: "13.0"
  std::string runtime;     // the version of CUDA that this program was built with
  int processors = 0;      // streaming multiprocessors
  int64_t memory_bytes = 0;
  int64_t l2_bytes = 0;
  int64_t clock_hz = 0;  // the highest of the processors
  int64_t memory_clock_hz = 0;
  int memory_bus_bits = 0;
};

// What our own work takes of it.
struct GpuUse {
  int64_t device_bytes = 0;
  int64_t device_bytes_limit = 0;
  int64_t pinned_bytes = 0;
  int64_t pinned_bytes_limit = 0;
  int64_t launches = 0;
  int64_t graph_launches = 0;  // of graphs, which the launches in them count as launches too
};

// What its sensors say, of all that runs on it; NaN where that is not known.
struct GpuSensors {
  double utilization_ratio = std::numeric_limits<double>::quiet_NaN();  // of the time, in which a kernel ran
  double memory_used_bytes = std::numeric_limits<double>::quiet_NaN();
  double temperature_celsius = std::numeric_limits<double>::quiet_NaN();
  double power_watts = std::numeric_limits<double>::quiet_NaN();
  double clock_hz = std::numeric_limits<double>::quiet_NaN();
  double memory_clock_hz = std::numeric_limits<double>::quiet_NaN();
  double throttled = std::numeric_limits<double>::quiet_NaN();  // 1 where heat or power keeps the clocks down, else 0
};

// Thread-safe.
class Gpu {
 public:
  virtual ~Gpu() = default;

  virtual const GpuInfo& info() const = 0;
  // OK, or UNAVAILABLE with the reason from when the device was lost, which is until the process ends.
  virtual absl::Status health() const = 0;
  virtual GpuUse use() const = 0;
  virtual GpuSensors sensors() const = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_GPU_H_
