// SPDX-License-Identifier: Apache-2.0
#include "server/tensor.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "server/convert.h"

namespace actbench {
namespace {

// The product of the shape; INVALID_ARGUMENT if a dimension is negative or the product does not fit.
absl::StatusOr<int64_t> CountElements(const v1::Tensor& tensor, const std::string& field) {
  bool empty = false;
  for (const int64_t size : tensor.shape()) {
    if (size < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".shape is ", ShapeText(tensor), "; each dimension must be at least 0"));
    }
    empty |= size == 0;
  }
  if (empty) return 0;
  int64_t elements = 1;
  for (const int64_t size : tensor.shape()) {
    if (__builtin_mul_overflow(elements, size, &elements)) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".shape is ", ShapeText(tensor), "; its product must be below 2^63"));
    }
  }
  return elements;
}

}  // namespace

absl::StatusOr<TensorInfo> CheckTensor(const v1::Tensor& tensor, const std::string& field, int64_t max_elements) {
  if (tensor.has_quantization()) {
    return absl::UnimplementedError(absl::StrCat(
        field, ".quantization is set, but there is no integer dtype yet; leave it out and give floating-point data"));
  }
  const std::optional<Dtype> dtype = FromProto(tensor.dtype());
  if (!dtype.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".dtype is ", DtypeText(tensor.dtype()), "; it must be one of ", DtypeNames()));
  }
  const absl::StatusOr<int64_t> elements = CountElements(tensor, field);
  if (!elements.ok()) return elements.status();
  if (*elements > max_elements) {
    return absl::ResourceExhaustedError(absl::StrCat(field, " has ", *elements, " elements; at most ", max_elements,
                                                     " are allowed (--max_tensor_elements)"));
  }
  const size_t count = static_cast<size_t>(*elements);
  // Does not overflow: Server::Start refuses limits that could.
  if (tensor.data().size() != count * SizeBytes(*dtype)) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".data has ", tensor.data().size(), " bytes, but shape ",
                                                   ShapeText(tensor), " of ", std::string(Name(*dtype)), " needs ",
                                                   count, " x ", SizeBytes(*dtype), " = ", count * SizeBytes(*dtype)));
  }
  return TensorInfo{*dtype, count};
}

std::string ShapeText(const v1::Tensor& tensor) {
  constexpr int kShown = 8;
  const int shown = std::min(tensor.shape_size(), kShown);
  return absl::StrCat("[", absl::StrJoin(absl::MakeSpan(tensor.shape().data(), shown), ", "),
                      shown < tensor.shape_size() ? ", ..." : "", "]");
}

std::string DtypeNames() {
  return absl::StrJoin(AllDtypes(), ", ", [](std::string* out, const DtypeInfo& info) { out->append(info.name); });
}

std::string DtypeText(v1::Dtype dtype) {
  if (dtype == v1::DTYPE_UNSPECIFIED) return "not given";
  const std::optional<Dtype> known = FromProto(dtype);
  return known.has_value() ? std::string(Name(*known)) : absl::StrCat(static_cast<int>(dtype));
}

}  // namespace actbench
