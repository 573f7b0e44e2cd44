// SPDX-License-Identifier: Apache-2.0
// A backend: a set of kernels that were compiled for one instruction set or device, made for this machine or not at
// all.
#ifndef ACTBENCH_KERNELS_BACKEND_H_
#define ACTBENCH_KERNELS_BACKEND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/gpu.h"
#include "kernels/kernel.h"

namespace actbench {

// A plug-in that was loaded (plugins.h).
struct PluginInfo {
  std::string provider;               // of its kernels
  std::string version;                // in the words of its author
  std::string file;                   // as it was given
  std::string content_hash;           // of that file: 16 hexadecimal digits
  std::vector<std::string> warnings;  // of kernels that are left out, how many and why
};

// What work for each GPU may take.
struct GpuLimits {
  int64_t memory_bytes = int64_t{64} << 20;  // of its memory
  int64_t pinned_bytes = int64_t{64} << 20;  // of the host's memory that it reads and writes

  bool operator==(const GpuLimits&) const = default;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // The instruction set, such as "avx2", and the device, such as "cpu".
  virtual std::string Isa() const = 0;
  virtual std::string Device() const { return "cpu"; }
  // Who wrote its kernels.
  virtual std::string Provider() const { return std::string(kOwnProvider); }

  // The plug-in that it comes from, which lives as long; null: it is part of this program.
  virtual const PluginInfo* Plugin() const { return nullptr; }

  // The GPU that it is for; null: it is for the CPU.
  virtual std::shared_ptr<const Gpu> gpu() const { return nullptr; }

  // The kernels of this backend, in the order of the activations.
  virtual std::vector<Kernel> Kernels() const = 0;
};

// Every backend that was built in and that this machine can run: those of the peers (kernels/peers/) first, then ours;
// of each provider from the narrowest instruction set to the widest; then those of GPUs. `warnings`, which may be null:
// why GPUs that are here are not used.
std::vector<std::unique_ptr<Backend>> DefaultBackends(const GpuLimits& gpu_limits = {},
                                                      std::vector<std::string>* warnings = nullptr);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_BACKEND_H_
