// SPDX-License-Identifier: Apache-2.0
// The list of activations as descriptions. Tested by catalog_test.cc.
#include <algorithm>
#include <array>

#include "kernels/catalog.h"
#include "kernels/vocabulary_scalar.h"

namespace actbench {
namespace {

using namespace actbench::scalar;
using namespace actbench::scalar::fast;
#include "kernels/math.inc"
// In this order.
#include "kernels/activations.inc"

template <class... Activation>
absl::Span<const ActivationInfo* const> InfosOf(TypeList<Activation...>) {
  static constexpr std::array kInfos = {&Activation::kInfo...};
  return kInfos;
}

}  // namespace

absl::Span<const ActivationInfo* const> AllActivations() { return InfosOf(Activations()); }

}  // namespace actbench
