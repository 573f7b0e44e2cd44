// SPDX-License-Identifier: Apache-2.0
#include "server/convert.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench {

std::optional<Direction> FromProto(v1::Direction direction) {
  switch (direction) {
    case v1::DIRECTION_FORWARD:
      return Direction::kForward;
    case v1::DIRECTION_GRADIENT:
      return Direction::kGradient;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<Direction> CheckDirection(v1::Direction direction) {
  const std::optional<Direction> known = FromProto(direction);
  if (known.has_value()) return *known;
  const std::string given = direction == v1::DIRECTION_UNSPECIFIED ? "not given" : absl::StrCat(direction);
  return absl::InvalidArgumentError(absl::StrCat("direction is ", given, "; it must be forward or gradient"));
}

KernelSelector FromProto(const v1::KernelSelector& selector) {
  return {.provider = selector.provider(), .tier = selector.tier(), .isa = selector.isa(), .device = selector.device()};
}

v1::Direction ToProto(Direction direction) {
  return direction == Direction::kForward ? v1::DIRECTION_FORWARD : v1::DIRECTION_GRADIENT;
}

void ToProto(const Kernel& kernel, v1::Kernel& out) {
  out.set_name(kernel.Name());
  out.set_activation(kernel.activation);
  out.set_direction(ToProto(kernel.direction));
  out.set_dtype(ToProto(kernel.dtype));
  out.set_provider(kernel.provider);
  out.set_tier(kernel.tier);
  out.set_device(kernel.device);
  out.set_isa(kernel.isa);
}

Rejection ToRejection(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return Rejection::kTooLarge;
  if (absl::IsUnimplemented(status)) return Rejection::kUnsupported;
  return Rejection::kInvalid;
}

absl::Status CheckName(std::string_view field, std::string_view name) {
  constexpr size_t kMaxLength = 128;
  if (name.size() <= kMaxLength) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(field), " has ", name.size(), " bytes; a name has at most ", kMaxLength));
}

absl::Status CheckSelectorNames(const v1::KernelSelector& selector) {
  const std::pair<std::string_view, const std::string&> names[] = {{"selector.provider", selector.provider()},
                                                                   {"selector.tier", selector.tier()},
                                                                   {"selector.isa", selector.isa()},
                                                                   {"selector.device", selector.device()}};
  for (const auto& [field, name] : names) {
    if (absl::Status status = CheckName(field, name); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace actbench
