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

namespace actbench {

enum class Direction : uint8_t { kForward, kGradient };

inline std::string_view Name(Direction direction) { return direction == Direction::kForward ? "forward" : "gradient"; }

// How an integer tensor stands for real numbers: real = scale * (stored - zero_point). No dtype uses it yet.
struct Quantization {
  double scale;
  int64_t zero_point;
};

// The functions of a kernel, in C types because they are also what a plug-in exports.
//   Forward:  inputs = x [, gate];     outputs = y.
//   Gradient: inputs = x [, gate], dy; outputs = dx [, dgate].
struct KernelFunctions {
  // Makes the state that `run` reads: `parameters` in the order of the activation, `quantizations` one for each input
  // and output or null. Returns null if it cannot serve these.
  void* (*prepare)(const double* parameters, const Quantization* quantizations) = nullptr;
  // Computes `n` elements (0 is allowed). Buffers may have any alignment; an output may be the same buffer as an input
  // but not overlap it otherwise. Any number of threads may run one state at a time.
  void (*run)(const void* state, const void* const* inputs, void* const* outputs, size_t n) = nullptr;
  // Frees what `prepare` returned.
  void (*release)(void* state) = nullptr;
};

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
