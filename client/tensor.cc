// SPDX-License-Identifier: Apache-2.0
#include "client/tensor.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace actbench::client {

std::string DtypeName(v1::Dtype dtype) {
  const std::optional<Dtype> known = FromProto(dtype);
  return known.has_value() ? std::string(Name(*known)) : "unknown";
}

std::string DirectionName(v1::Direction direction) {
  if (direction == v1::DIRECTION_FORWARD) return "forward";
  if (direction == v1::DIRECTION_GRADIENT) return "gradient";
  return "unknown";
}

absl::StatusOr<int64_t> ElementCount(absl::Span<const int64_t> shape, size_t element_bytes) {
  const int64_t most = std::numeric_limits<int64_t>::max() / static_cast<int64_t>(element_bytes);
  int64_t count = 1;
  bool empty = false;
  bool overflow = false;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return absl::InvalidArgumentError(absl::StrCat("the shape has a negative size, ", dimension));
    empty = empty || dimension == 0;
    overflow = overflow || (dimension != 0 && count > most / dimension);
    if (!empty && !overflow) count *= dimension;
  }
  if (empty) return 0;
  if (overflow) return absl::InvalidArgumentError("the shape has more elements than any memory could hold");
  return count;
}

absl::StatusOr<TensorView> TensorView::Of(const v1::Tensor& tensor) {
  const std::optional<Dtype> dtype = FromProto(tensor.dtype());
  if (!dtype.has_value()) return absl::InvalidArgumentError(absl::StrCat("unknown dtype ", tensor.dtype()));
  const absl::StatusOr<int64_t> count = ElementCount(tensor.shape(), SizeBytes(*dtype));
  if (!count.ok()) return count.status();
  if (tensor.data().size() != static_cast<size_t>(*count) * SizeBytes(*dtype)) {
    return absl::InvalidArgumentError(absl::StrCat("the tensor has ", tensor.data().size(),
                                                   " bytes where its shape needs ", *count, " elements of ",
                                                   SizeBytes(*dtype), " bytes"));
  }
  return TensorView(*dtype, *count, tensor.data().data());
}

v1::Tensor MakeTensor(Dtype dtype, absl::Span<const double> values) {
  v1::Tensor tensor;
  tensor.set_dtype(ToProto(dtype));
  tensor.add_shape(static_cast<int64_t>(values.size()));
  tensor.mutable_data()->resize(values.size() * SizeBytes(dtype));
  ConvertElements(Dtype::kF64, values.data(), dtype, tensor.mutable_data()->data(), values.size());
  return tensor;
}

v1::Tensor OnesLike(const v1::Tensor& tensor, TensorView view) {
  std::string one(SizeBytes(view.dtype()), '\0');
  StoreElement(view.dtype(), 1, one.data());
  v1::Tensor ones;
  ones.set_dtype(tensor.dtype());
  *ones.mutable_shape() = tensor.shape();
  ones.mutable_data()->reserve(tensor.data().size());
  for (int64_t i = 0; i < view.size(); ++i) ones.mutable_data()->append(one);
  return ones;
}

absl::Status ConvertTensor(Dtype dtype, v1::Tensor& tensor) {
  const absl::StatusOr<TensorView> view = TensorView::Of(tensor);
  if (!view.ok()) return view.status();
  if (view->dtype() == dtype) return absl::OkStatus();
  std::string converted(static_cast<size_t>(view->size()) * SizeBytes(dtype), '\0');
  ConvertElements(view->dtype(), view->data(), dtype, converted.data(), static_cast<size_t>(view->size()));
  tensor.set_dtype(ToProto(dtype));
  tensor.set_data(std::move(converted));
  return absl::OkStatus();
}

}  // namespace actbench::client
