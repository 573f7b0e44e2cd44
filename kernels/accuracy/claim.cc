// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/claim.h"

#include "kernels/catalog.h"

namespace actbench {
namespace {

// Of a correctly rounded result, and of one that is beside a tie and went to its other side.
constexpr double kExactUlp = 0.5000001;
// Of what is rounded once, from lanes of more digits.
constexpr double kNarrowedUlp = 0.51;
constexpr double kFastUlp = 2;

bool IsGated(const Kernel& kernel) {
  const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(kernel.activation);
  return activation.ok() && (*activation)->inputs == 2;
}

}  // namespace

std::optional<Claim> ClaimOf(const Kernel& kernel, const ClaimScope& scope) {
  if (kernel.provider != kOwnProvider) return std::nullopt;
  const bool gated = IsGated(kernel);
  const bool gradient = kernel.direction == Direction::kGradient;
  const bool any_upstream = gradient && !scope.unit_upstream;
  if (kernel.tier == "exact") {
    return Claim{.max_ulp = kExactUlp, .correctly_rounded = scope.default_parameters && !any_upstream && !gated};
  }
  if (kernel.tier != "fast") return std::nullopt;
  const bool f64 = kernel.dtype == Dtype::kF64;
  const bool everywhere = !any_upstream && !(f64 && gated && gradient);
  if (SizeBytes(kernel.dtype) == 2) return Claim{.max_ulp = kNarrowedUlp, .everywhere = everywhere};
  // Lanes of f64 have no more digits than the result, and with a gate there is a product more.
  const double ulp = kFastUlp + (f64 && gated ? 1 : 0);
  // An error of f' is up to twice as many ulp of dy f', whose ulp may be smaller; and the product is rounded.
  return Claim{.max_ulp = any_upstream ? 2 * ulp + 0.5 : ulp, .everywhere = everywhere};
}

bool IsKept(const Claim& claim, double max_ulp, int64_t misrounded) {
  return max_ulp <= claim.max_ulp && !(claim.correctly_rounded && misrounded != 0);
}

}  // namespace actbench
