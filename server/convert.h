// SPDX-License-Identifier: Apache-2.0
// Between the words of the API (actbench.v1) and those of the kernels.
#ifndef ACTBENCH_SERVER_CONVERT_H_
#define ACTBENCH_SERVER_CONVERT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/catalog.pb.h"
#include "actbench/v1/types.pb.h"
#include "kernels/catalog.h"
#include "kernels/kernel.h"
#include "proto/dtype.h"
#include "server/build_info.h"
#include "server/metrics.h"

namespace actbench {

// Nothing for unspecified and unknown values.
std::optional<Direction> FromProto(v1::Direction direction);
// INVALID_ARGUMENT for these.
absl::StatusOr<Direction> CheckDirection(v1::Direction direction);
KernelSelector FromProto(const v1::KernelSelector& selector);

v1::Direction ToProto(Direction direction);
void ToProto(const Kernel& kernel, v1::Kernel& out);
void ToProto(const BuildInfo& build, v1::BuildInfo& out);

// The bits of an element, as "0xc150a3d7".
std::string BitsText(Dtype dtype, uint64_t bits);

// This machine, with what the catalog can run on it.
void DescribeMachine(const Catalog& catalog, v1::MachineInfo& out);

// Whether a call failed because of what was asked for, not because of the server.
bool IsRefusal(const absl::Status& status);
// Why a request or an item with something wrong in it is refused.
Rejection ToRejection(const absl::Status& status);

// INVALID_ARGUMENT if a name in a request is longer than any name may be: names are looked up and quoted.
absl::Status CheckName(std::string_view field, std::string_view name);
absl::Status CheckSelectorNames(const v1::KernelSelector& selector, const std::string& field = "selector");

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CONVERT_H_
