// SPDX-License-Identifier: Apache-2.0
// A kernel: one callable implementation of one activation, and the one signature that all kernels have.
#ifndef ACTBENCH_KERNELS_KERNEL_H_
#define ACTBENCH_KERNELS_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "kernels/dtype.h"
#include "kernels/plugin.h"

namespace actbench {

enum class Direction : uint8_t { kForward, kGradient };

inline std::string_view Name(Direction direction) { return direction == Direction::kForward ? "forward" : "gradient"; }

// The one signature, in C types as plug-ins have it too: plugin.h says what its functions do.
using Quantization = ActbenchQuantization;
using KernelFunctions = ActbenchKernelFunctions;

// A kernel with its parameters: `prepare` done, `release` on destruction. Thread-safe.
class PreparedKernel {
 public:
  PreparedKernel(const KernelFunctions& functions, const double* parameters, const Quantization* quantizations)
      : run_(functions.run), state_(functions.prepare(parameters, quantizations), functions.release) {}

  // Whether the kernel can serve these parameters and quantizations.
  bool ok() const { return state_ != nullptr; }

  // REQUIRES: ok(), and as many inputs and outputs as the kernel has.
  void Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs, size_t n) const {
    run_(state_.get(), inputs.data(), outputs.data(), n);
  }

 private:
  decltype(KernelFunctions::run) run_;
  std::unique_ptr<void, decltype(KernelFunctions::release)> state_;
};

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

  // activation/direction/dtype/provider/tier/isa, the same in the API, the command, metrics and result files.
  std::string Name() const;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_KERNEL_H_
