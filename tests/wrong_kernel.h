// SPDX-License-Identifier: Apache-2.0
// A kernel that computes something else than it says.
#ifndef ACTBENCH_TESTS_WRONG_KERNEL_H_
#define ACTBENCH_TESTS_WRONG_KERNEL_H_

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backend.h"

namespace actbench {

// ACTIVATION/forward/f32/actbench/fast/wrong, which computes y = kFunction(x).
template <float (*kFunction)(float)>
class WrongBackend final : public Backend {
 public:
  explicit WrongBackend(std::string activation) : activation_(std::move(activation)) {}
  std::string Isa() const override { return "wrong"; }
  std::vector<Kernel> Kernels() const override {
    const KernelFunctions functions = {.prepare = [](const double*, const Quantization*) -> void* { return &state_; },
                                       .run =
                                           [](const void*, const void* const* inputs, void* const* outputs, size_t n) {
                                             const auto* const x = static_cast<const float*>(inputs[0]);
                                             auto* const y = static_cast<float*>(outputs[0]);
                                             for (size_t i = 0; i < n; ++i) y[i] = kFunction(x[i]);
                                           },
                                       .release = [](void*) {}};
    return {{activation_, Direction::kForward, Dtype::kF32, "actbench", "fast", "cpu", "wrong", functions}};
  }

 private:
  inline static int state_ = 0;
  std::string activation_;
};

template <float (*kFunction)(float)>
std::vector<std::unique_ptr<Backend>> WrongBackendsOf(std::string activation) {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<WrongBackend<kFunction>>(std::move(activation)));
  return backends;
}

// silu: y = 1 for every x, NaN for x > 4.
inline float OneOrNaN(float x) { return x > 4 ? NAN : 1; }
inline std::vector<std::unique_ptr<Backend>> WrongBackends() { return WrongBackendsOf<OneOrNaN>("silu"); }

}  // namespace actbench

#endif  // ACTBENCH_TESTS_WRONG_KERNEL_H_
