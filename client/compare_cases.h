// SPDX-License-Identifier: Apache-2.0
// Which kernels `actbench compare` times against each other. Tested by compare_cases_test.cc.
#ifndef ACTBENCH_CLIENT_COMPARE_CASES_H_
#define ACTBENCH_CLIENT_COMPARE_CASES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/benchmark.pb.h"
#include "client/benchmark_inputs.h"
#include "client/client.h"
#include "client/kernel_selection.h"

namespace actbench::client {

// What is compared where nothing is named: ten cases, forward and gradient, cheap and dear, fast and exact.
inline constexpr const char* kDefaultCases[] = {
    "sigmoid/forward/f32",   "tanh/forward/f32",         "silu/forward/f32",     "gelu_erf/forward/f32",
    "gelu_tanh/forward/f32", "mish/forward/f32",         "softplus/forward/f32", "silu/gradient/f32",
    "gelu_erf/gradient/f32", "sigmoid/forward/f32/exact"};

struct KernelPair {
  v1::Kernel base;
  v1::Kernel head;
  std::optional<v1::Kernel> control = {};  // base's, of the provider `control`
  std::optional<v1::Kernel> layout = {};   // base's, of the provider `layout`
};

struct PairedKernels {
  std::vector<KernelPair> pairs;
  std::vector<v1::SpeedComparison> skipped;  // what only one side has, or neither
};

// The kernel of `provider` among `kernels` to compare with this one: that of its tier and ISA. Where there is none of
// its tier, or it is native, so that tiers say nothing: the one for its ISA, else for the widest, and rather fast than
// exact. `isas` are the machine's, narrowest first.
std::optional<v1::Kernel> Counterpart(const v1::Kernel& kernel, const std::string& provider,
                                      absl::Span<const v1::Kernel> kernels, absl::Span<const std::string> isas);

// The pairs of what the flags name, of which the provider does not count: activations, or
// ACTIVATION/DIRECTION/DTYPE[/TIER[/ISA]]; kDefaultCases if there is nothing. The error of a name that neither side
// has is that of SelectKernels.
absl::StatusOr<PairedKernels> PairKernels(Client& client, const KernelFlags& flags, const std::string& base_provider,
                                          const std::string& head_provider);

// A case for each pair and every combination of what the flags list.
absl::StatusOr<std::vector<v1::PairedCase>> MakePairedCases(Client& client, absl::Span<const KernelPair> pairs,
                                                            const std::map<std::string, double>& parameters,
                                                            const BenchmarkInputFlags& inputs);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARE_CASES_H_
