// SPDX-License-Identifier: Apache-2.0
// The API's dtypes, directions and tensors on the client's side: names, checked access to elements, changes of dtype.
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

namespace actbench::client {

// As printed and typed: "f32"; "forward". A value that this client does not know, from a newer server, is "unknown".
std::string DtypeName(v1::Dtype dtype);
std::string DirectionName(v1::Direction direction);

// The number of elements of a tensor of `shape` whose elements have `element_bytes`. INVALID_ARGUMENT if a dimension is
// negative or the size in bytes does not fit in 63 bits.
absl::StatusOr<int64_t> ElementCount(absl::Span<const int64_t> shape, size_t element_bytes);

// A look at a tensor whose dtype, shape and byte count are known to fit together. The tensor must outlive it.
class TensorView {
 public:
  // INVALID_ARGUMENT if they do not fit together.
  static absl::StatusOr<TensorView> Of(const v1::Tensor& tensor);

  Dtype dtype() const { return dtype_; }
  int64_t size() const { return size_; }  // elements
  const char* data() const { return data_; }
  const char* at(int64_t index) const { return data_ + static_cast<size_t>(index) * SizeBytes(dtype_); }
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

// Changes the dtype, rounding to nearest even. INVALID_ARGUMENT if the tensor does not fit together.
absl::Status ConvertTensor(Dtype dtype, v1::Tensor& tensor);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_TENSOR_H_
