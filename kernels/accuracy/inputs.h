// SPDX-License-Identifier: Apache-2.0
// The inputs at which a kernel's accuracy is measured. Tested by inputs_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_INPUTS_H_
#define ACTBENCH_KERNELS_ACCURACY_INPUTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/activation_info.h"
#include "kernels/dtype.h"

namespace actbench {

// How sampled inputs are drawn; accuracy.proto (SampledInputs) says what each means.
enum class Distribution : uint8_t { kBits, kNormal, kWide, kUniform, kTails, kSubnormal, kSaturated };

// Their names, in the order of the enum.
std::span<const std::string_view> DistributionNames();
std::string_view Name(Distribution distribution);
std::optional<Distribution> ParseDistribution(std::string_view name);

// Every input. Of a gradient in 16 bits every pair (x, dy), unless `unit_upstream`; else dy = 1.
struct ExhaustiveInputs {
  bool unit_upstream = false;
};

struct SampledInputs {
  uint64_t count;
  Distribution distribution = Distribution::kBits;
  uint64_t seed = 0;
  bool unit_upstream = false;  // of gradients: dy = 1 alone
};

// Draws from a distribution; immutable, so thread-safe.
class Sampler {
 public:
  Sampler(const SampledInputs& plan, const ActivationInfo& activation, Dtype dtype) noexcept;
  // The bits of sample number `index` for input number `input`. Depends on nothing else.
  uint64_t Draw(uint64_t index, size_t input) const;

 private:
  SampledInputs plan_;
  Dtype dtype_;
  double domain_min_;
  double domain_max_;
};

// Elements in the kernel's dtype, as many in each of x [, gate] [, dy]. Borrowed.
struct GivenInputs {
  std::vector<const void*> inputs;
  size_t count;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_INPUTS_H_
