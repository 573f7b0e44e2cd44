// SPDX-License-Identifier: Apache-2.0
// The API's dtypes as those of kernels/dtype.h, for the server and the client.
#ifndef ACTBENCH_PROTO_DTYPE_H_
#define ACTBENCH_PROTO_DTYPE_H_

#include <optional>

#include "actbench/v1/types.pb.h"
#include "kernels/dtype.h"

namespace actbench {

v1::Dtype ToProto(Dtype dtype);

// Nothing for unspecified and unknown values.
std::optional<Dtype> FromProto(v1::Dtype dtype);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_DTYPE_H_
