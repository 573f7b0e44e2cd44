// SPDX-License-Identifier: Apache-2.0
// A kernel: one callable implementation of one activation, and the one signature that all kernels have.
#ifndef ACTBENCH_KERNELS_KERNEL_H_
#define ACTBENCH_KERNELS_KERNEL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "kernels/device_kernel.h"
#include "kernels/direction.h"
#include "kernels/dtype.h"
#include "kernels/plugin.h"

namespace actbench {

// The one signature, in C types as plug-ins have it too: plugin.h says what its functions do.
using Quantization = ActbenchQuantization;
using KernelFunctions = ActbenchKernelFunctions;

// Who wrote the kernels of this project; those of other people's libraries are peers.
inline constexpr std::string_view kOwnProvider = "actbench";

// What a kernel is. The strings are few and short; kernels are made once, when the catalog is.
struct Kernel {
  std::string activation;
  Direction direction;
  Dtype dtype;
  std::string provider;
  std::string tier;
  std::string device;
  std::string isa;
  KernelFunctions functions;
  std::shared_ptr<const DeviceKernel> on_device = nullptr;  // in place of `functions` where it does not run on the CPU

  // activation/direction/dtype/provider/tier/isa, the same in the API, the command, metrics and result files.
  std::string Name() const;
};

// A kernel with its parameters: `prepare` done, `release` on destruction. Thread-safe.
class PreparedKernel {
 public:
  PreparedKernel(const KernelFunctions& functions, const double* parameters, const Quantization* quantizations)
      : run_(functions.run), state_(functions.prepare(parameters, quantizations), functions.release) {}
  PreparedKernel(const Kernel& kernel, const double* parameters)
      : run_(kernel.functions.run),
        state_(kernel.on_device == nullptr ? kernel.functions.prepare(parameters, nullptr) : nullptr,
               kernel.functions.release),
        program_(kernel.on_device == nullptr ? nullptr : kernel.on_device->Prepare(parameters)) {}

  // Whether the kernel can serve these parameters and quantizations.
  bool ok() const { return state_ != nullptr || program_ != nullptr; }

  // What runs it where the CPU does not; else null.
  const DeviceProgram* on_device() const { return program_.get(); }

  // REQUIRES: ok(), and as many inputs and outputs as the kernel has. Fails only on a device.
  absl::Status Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs, size_t n) const {
    if (program_ != nullptr) return RunOnDevice(inputs, outputs, n);
    run_(state_.get(), inputs.data(), outputs.data(), n);
    return absl::OkStatus();
  }

 private:
  absl::Status RunOnDevice(absl::Span<const void* const> inputs, absl::Span<void* const> outputs, size_t n) const;

  decltype(KernelFunctions::run) run_;
  std::unique_ptr<void, decltype(KernelFunctions::release)> state_;
  std::shared_ptr<const DeviceProgram> program_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_KERNEL_H_
