// SPDX-License-Identifier: Apache-2.0
// The API's directions and tensors on the client's side: names, checked access to elements, changes of dtype.
#ifndef ACTBENCH_CLIENT_TENSOR_H_
#define ACTBENCH_CLIENT_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/types.pb.h"
#include "kernels/dtype.h"
#include "proto/dtype.h"
#include "proto/tensor.h"

namespace actbench::client {

// As printed and typed: "forward". A value that this client does not know, from a newer server, is "unknown".
std::string DirectionName(v1::Direction direction);

// A look at a tensor whose dtype, shape and byte count are known to fit together. The tensor must outlive it.
class TensorView {
 public:
  // CheckTensor's error if they do not fit together.
  static absl::StatusOr<TensorView> Of(const v1::Tensor& tensor);

  Dtype dtype() const { return dtype_; }
  int64_t size() const { return size_; }  // elements
  const char* data() const { return data_; }
  size_t element_bytes() const { return SizeBytes(dtype_); }
  const char* at(int64_t index) const { return data_ + static_cast<size_t>(index) * element_bytes(); }
  double operator[](int64_t index) const { return LoadElement(dtype_, at(index)); }

 private:
  TensorView(Dtype dtype, int64_t size, const char* data) : dtype_(dtype), size_(size), data_(data) {}

  Dtype dtype_;
  int64_t size_;
  const char* data_;
};

// A tensor of one dimension; values are rounded to nearest even.
v1::Tensor MakeTensor(Dtype dtype, absl::Span<const double> values);

// A tensor like `tensor` with 1 everywhere.
v1::Tensor OnesLike(const v1::Tensor& tensor, TensorView view);

// Changes the dtype, rounding to nearest even. CheckTensor's error if it is not well-formed.
absl::Status ConvertTensor(Dtype dtype, v1::Tensor& tensor);

// The dtype of a file that a flag names.
struct FileDtype {
  const char* flag;
  v1::Dtype dtype;
};
// INVALID_ARGUMENT, with what to do, if they are not all the same.
absl::Status CheckSameDtype(absl::Span<const FileDtype> files);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_TENSOR_H_
