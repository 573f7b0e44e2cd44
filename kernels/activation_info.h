// SPDX-License-Identifier: Apache-2.0
// What an entry of activations.inc says about itself: plain constexpr types, usable in every translation unit.
#ifndef ACTBENCH_KERNELS_ACTIVATION_INFO_H_
#define ACTBENCH_KERNELS_ACTIVATION_INFO_H_

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace actbench {

// A named real number of an activation; always finite, and from min_value to max_value.
struct Parameter {
  std::string_view name;
  double default_value = 0;
  std::string_view description = {};
  double min_value = std::numeric_limits<double>::lowest();
  double max_value = std::numeric_limits<double>::max();
  bool excludes_zero = false;
  std::string_view at_most = {};  // the name of another parameter, which it may not exceed
};

// A point (x, f(x), f'(x)) at the default parameters, computed elsewhere (kernels/tools/anchor.py): decimal strings of
// 50 digits. Only activations of one input have anchors.
struct Anchor {
  double x;
  std::string_view value;
  std::string_view derivative;
};

// What the gradient of an activation is where it comes out as 0 for a finite x. It decides an infinite dy, whose
// product with the exact f' is wanted: 0 * inf is NaN, but a tail that merely underflows still has a sign.
enum class GradientZero {
  kExact,      // f' really is 0 there, as that of relu for negative x
  kUnderflow,  // f' is only too small for the lane type, and the sign of the zero is the sign of f'; but for the
               // isolated zeros that the entry's GradientIsZero names
};

// Up to `kCapacity` values, listed in braces; the rest is empty.
template <class T, size_t kCapacity = 8>
using ShortList = std::array<T, kCapacity>;

// The leading values of a short list for which `is_filled` holds.
template <class List, class IsFilled>
constexpr auto Filled(const List& list, IsFilled is_filled) {
  size_t count = 0;
  while (count < list.size() && is_filled(list[count])) ++count;
  return std::span(list.data(), count);
}

// The entry's description. Members with a default may be left out.
struct ActivationInfo {
  std::string_view name;     // snake_case id, the same everywhere
  std::string_view summary;  // the formula, one sentence
  std::string_view source;   // where it was published
  ShortList<std::string_view> aliases = {};
  ShortList<Parameter, 4> parameters = {};
  double domain_min = -8;  // the interesting part of the domain
  double domain_max = 8;
  ShortList<Anchor, 4> anchors = {};
  GradientZero gradient_zero = GradientZero::kUnderflow;
  size_t inputs = 1;  // forward: 1 (x) or 2 (x, gate)
  // Computed in f64 lanes in every tier: the formula has no form for f32 lanes yet.
  bool wide_forward = false;
  bool wide_gradient = false;
  bool long_chain_forward = false;  // in f32 lanes it waits more than it computes: twice as many go side by side
  bool plain_forward = false;       // a subnormal x takes no longer than others, as no product with it is subnormal

  constexpr std::span<const std::string_view> Aliases() const {
    return Filled(aliases, [](std::string_view alias) { return !alias.empty(); });
  }
  constexpr std::span<const Parameter> Parameters() const {
    return Filled(parameters, [](const Parameter& parameter) { return !parameter.name.empty(); });
  }
  constexpr std::span<const Anchor> Anchors() const {
    return Filled(anchors, [](const Anchor& anchor) { return !anchor.value.empty(); });
  }
};

// The activation with these parameters, in the order of its kInfo: they are all the data that it has.
template <class Activation>
Activation Make([[maybe_unused]] const double* parameters) {
  constexpr size_t kParameters = Activation::kInfo.Parameters().size();
  Activation activation;
  if constexpr (kParameters == 0) {
    static_assert(std::is_empty_v<Activation>, "data that kInfo.parameters does not list");
  } else {
    static_assert(std::is_trivially_copyable_v<Activation>);
    static_assert(sizeof(Activation) == kParameters * sizeof(double), "not one double for each of kInfo.parameters");
    std::memcpy(static_cast<void*>(&activation), parameters, sizeof(activation));
  }
  return activation;
}

// The list of activations is a type, so that each translation unit can make its own table of it.
template <class... Activation>
struct TypeList {
  static constexpr size_t kSize = sizeof...(Activation);
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACTIVATION_INFO_H_
