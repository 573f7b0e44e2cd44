// SPDX-License-Identifier: Apache-2.0
// Checks Tensor messages. Tested by tensor_test.cc.
#ifndef ACTBENCH_SERVER_TENSOR_H_
#define ACTBENCH_SERVER_TENSOR_H_

#include <cstddef>
#include <cstdint>
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
absl::StatusOr<TensorInfo> CheckTensor(const v1::Tensor& tensor, const std::string& field, int64_t max_elements);

// The shape as "[2, 3]"; a long one is cut.
std::string ShapeText(const v1::Tensor& tensor);

// The names of all dtypes, with commas between.
std::string DtypeNames();

// The dtype as its name ("f32") or number ("9").
std::string DtypeText(v1::Dtype dtype);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_TENSOR_H_
