// SPDX-License-Identifier: Apache-2.0
// The catalog: all activations and all kernels that this machine can run, found by name. Immutable once made, so every
// method is thread-safe. Tested by catalog_test.cc.
#ifndef ACTBENCH_KERNELS_CATALOG_H_
#define ACTBENCH_KERNELS_CATALOG_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/activation_info.h"
#include "kernels/backend.h"
#include "kernels/kernel.h"

namespace actbench {

// All activations, in the order of the list in activations.inc.
absl::Span<const ActivationInfo* const> AllActivations();

// How many tensors a kernel reads, x [, gate] [, dy], and writes, y or dx [, dgate].
constexpr size_t InputCount(const ActivationInfo& activation, Direction direction) {
  return activation.inputs + (direction == Direction::kGradient ? 1 : 0);
}
constexpr size_t OutputCount(const ActivationInfo& activation, Direction direction) {
  return direction == Direction::kGradient ? activation.inputs : 1;
}

// Picks a kernel. An empty field means the best of those that fit the others: device "cpu", provider "actbench", tier
// "fast", each where there is a choice, then the widest isa.
struct KernelSelector {
  std::string provider = {};
  std::string tier = {};
  std::string isa = {};
  std::string device = {};
};

class Catalog {
 public:
  // Later backends count as wider. Kernels of activations that are not in AllActivations() are left out.
  explicit Catalog(const std::vector<std::unique_ptr<Backend>>& backends, std::vector<std::string> warnings = {});
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // The catalog of DefaultBackends(), made on the first call.
  static const Catalog& Default();

  absl::Span<const Kernel> kernels() const { return kernels_; }
  absl::Span<const std::string> isas() const { return isas_; }        // of our CPU kernels, narrowest first
  absl::Span<const std::string> devices() const { return devices_; }  // "cpu" first
  absl::Span<const PluginInfo> plugins() const { return plugins_; }   // in the order in which their kernels are
  absl::Span<const std::shared_ptr<const Gpu>> gpus() const { return gpus_; }  // in the order of the devices
  absl::Span<const std::string> warnings() const { return warnings_; }         // why GPUs that are here are not used

  // The activation with this id or alias. NOT_FOUND names what a bare name may mean if that is more than one (libraries
  // disagree about "gelu"), else the nearest and where the list is.
  static absl::StatusOr<const ActivationInfo*> FindActivation(std::string_view name);

  // NOT_FOUND if no kernel has the value of a field of the selector; names those that there are.
  absl::Status CheckSelector(const KernelSelector& selector) const;

  // The kernel of `activation` (an id) that fits the selector. The error names the first field that cannot be served:
  // NOT_FOUND if no kernel has that value at all, UNIMPLEMENTED if only this combination is missing.
  absl::StatusOr<const Kernel*> FindKernel(std::string_view activation, Direction direction, Dtype dtype,
                                           const KernelSelector& selector) const;

 private:
  std::vector<Kernel> kernels_;
  std::vector<std::string> isas_;
  std::vector<std::string> devices_;
  std::vector<PluginInfo> plugins_;
  std::vector<std::shared_ptr<const Gpu>> gpus_;
  const std::vector<std::string> warnings_;
  // Kernels of one activation, direction and dtype, best first.
  std::map<std::string, std::vector<const Kernel*>, std::less<>> by_case_;
};

// What a parameter may be beside finite, in words: "greater than 0". Empty if that is all.
std::string RangeOf(const Parameter& parameter);

// The values of all parameters of `activation`, in order: those given, else the defaults. INVALID_ARGUMENT, naming the
// parameter, what it is and its range, if a name is unknown or a value is not finite or out of range.
absl::StatusOr<std::vector<double>> ResolveParameters(const ActivationInfo& activation,
                                                      const std::map<std::string, double>& given);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_CATALOG_H_
