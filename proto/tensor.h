// SPDX-License-Identifier: Apache-2.0
// Checks Tensor messages, for the server and the client. Tested by tensor_test.cc.
#ifndef ACTBENCH_PROTO_TENSOR_H_
#define ACTBENCH_PROTO_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/types.pb.h"
#include "kernels/dtype.h"

namespace actbench {

// What a good tensor is made of.
struct TensorInfo {
  Dtype dtype;
  size_t elements;
};

// Checks everything that can be wrong with one tensor. Errors name the field, `field` being that of the tensor itself
// ("inputs[1]"): INVALID_ARGUMENT (dtype, shape, byte count), UNIMPLEMENTED (quantization), RESOURCE_EXHAUSTED (more
// than `max_elements`).
absl::StatusOr<TensorInfo> CheckTensor(const v1::Tensor& tensor, const std::string& field,
                                       int64_t max_elements = std::numeric_limits<int64_t>::max());

// The product of the shape. INVALID_ARGUMENT, with the shape, if a dimension is negative or if so many elements of
// `dtype` have 2^63 bytes or more.
absl::StatusOr<size_t> CountElements(const v1::Tensor& tensor, Dtype dtype);

// The shape as "[2, 3]"; a long one is cut.
std::string ShapeText(const v1::Tensor& tensor);

// The names of all dtypes, with commas between.
std::string DtypeNames();

// The dtype as its name ("f32") or, where this program does not know it, its number ("9").
std::string DtypeText(v1::Dtype dtype);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_TENSOR_H_
