// SPDX-License-Identifier: Apache-2.0
// What a GPU's sensors say, by NVIDIA's management library, which is loaded when it is there: it comes with the driver.
// Tested by nvml_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_NVML_H_
#define ACTBENCH_KERNELS_CUDA_NVML_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kernels/gpu.h"

namespace actbench::cuda {

// Thread-safe.
class Nvml {
 public:
  // The library of this name; without it, or without a way to find a GPU in it, nothing is known of any.
  explicit Nvml(const std::string& library);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  // That of the driver, loaded on the first call.
  static const Nvml& Default();

  bool loaded() const { return functions_ != nullptr; }
  // Of the GPU with this bus id, as GpuInfo has it. What is not known is NaN.
  GpuSensors Read(const std::string& pci_bus_id) const;
  // Its clock and whether it is throttled alone, for whoever asks often.
  GpuSensors ReadClock(const std::string& pci_bus_id) const;

 private:
  struct Functions;
  struct Gpu;

  // Null where it is not known. Looked for once.
  Gpu* Find(const std::string& pci_bus_id) const;

  std::unique_ptr<const Functions> functions_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Gpu*> gpus_;  // those that were found; guarded by mutex_
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_NVML_H_
