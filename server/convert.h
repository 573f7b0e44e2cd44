// SPDX-License-Identifier: Apache-2.0
// Between the words of the API (actbench.v1) and those of the kernels.
#ifndef ACTBENCH_SERVER_CONVERT_H_
#define ACTBENCH_SERVER_CONVERT_H_

#include <grpcpp/support/status.h>

#include <optional>

#include "absl/status/status.h"
#include "actbench/v1/types.pb.h"
#include "kernels/catalog.h"
#include "kernels/dtype.h"
#include "kernels/kernel.h"

namespace actbench {

// Nothing for unspecified and unknown values.
std::optional<Dtype> FromProto(v1::Dtype dtype);
std::optional<Direction> FromProto(v1::Direction direction);
KernelSelector FromProto(const v1::KernelSelector& selector);

v1::Dtype ToProto(Dtype dtype);
v1::Direction ToProto(Direction direction);
void ToProto(const Kernel& kernel, v1::Kernel& out);

grpc::Status ToGrpc(const absl::Status& status);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CONVERT_H_
