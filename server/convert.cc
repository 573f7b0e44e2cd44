// SPDX-License-Identifier: Apache-2.0
#include "server/convert.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/measure/host.h"

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

void ToProto(const BuildInfo& build, v1::BuildInfo& out) {
  out.set_version(build.version);
  out.set_revision(build.revision);
  out.set_compiler(build.compiler);
  out.set_grpc_version(build.grpc_version);
  out.set_protobuf_version(build.protobuf_version);
}

std::string BitsText(Dtype dtype, uint64_t bits) {
  return absl::StrFormat("0x%0*x", static_cast<int>(2 * SizeBytes(dtype)), bits);
}

void DescribeMachine(const Catalog& catalog, v1::MachineInfo& out) {
  out.set_cpu_model(CpuModel());
  out.set_cpu_count(AvailableCpus());
  out.mutable_isas()->Add(catalog.isas().begin(), catalog.isas().end());
  out.mutable_devices()->Add(catalog.devices().begin(), catalog.devices().end());
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsUnimplemented(status) ||
         absl::IsResourceExhausted(status);
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

absl::Status CheckSelectorNames(const v1::KernelSelector& selector, const std::string& field) {
  const std::pair<std::string_view, const std::string&> names[] = {{".provider", selector.provider()},
                                                                   {".tier", selector.tier()},
                                                                   {".isa", selector.isa()},
                                                                   {".device", selector.device()}};
  for (const auto& [name, value] : names) {
    if (absl::Status status = CheckName(absl::StrCat(field, std::string(name)), value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace actbench
