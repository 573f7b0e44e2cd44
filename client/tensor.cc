// SPDX-License-Identifier: Apache-2.0
#include "client/tensor.h"

#include <utility>

#include "absl/status/status.h"

namespace actbench::client {

std::string DirectionName(v1::Direction direction) {
  if (direction == v1::DIRECTION_FORWARD) return "forward";
  if (direction == v1::DIRECTION_GRADIENT) return "gradient";
  return "unknown";
}

absl::StatusOr<TensorView> TensorView::Of(const v1::Tensor& tensor) {
  const absl::StatusOr<TensorInfo> info = CheckTensor(tensor, "tensor");
  if (!info.ok()) return info.status();
  return TensorView(info->dtype, static_cast<int64_t>(info->elements), tensor.data().data());
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
