// SPDX-License-Identifier: Apache-2.0
#include "client/tensor.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

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

absl::Status CheckSameDtype(absl::Span<const FileDtype> files) {
  for (const FileDtype& file : files) {
    const FileDtype& first = files.front();
    if (file.dtype == first.dtype) continue;
    return absl::InvalidArgumentError(absl::StrCat("the file of ", first.flag, " is ", DtypeText(first.dtype),
                                                   ", that of ", file.flag, " is ", DtypeText(file.dtype),
                                                   "; give files of one dtype, or --dtype to convert them"));
  }
  return absl::OkStatus();
}

}  // namespace actbench::client
