// SPDX-License-Identifier: Apache-2.0
#include "proto/tensor.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "proto/dtype.h"

namespace actbench {

absl::StatusOr<size_t> CountElements(const v1::Tensor& tensor, Dtype dtype) {
  auto bytes = static_cast<int64_t>(SizeBytes(dtype));
  bool empty = false;
  bool overflow = false;
  for (const int64_t size : tensor.shape()) {
    if (size < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("shape is ", ShapeText(tensor), "; each dimension must be at least 0"));
    }
    empty |= size == 0;
    overflow |= size != 0 && __builtin_mul_overflow(bytes, size, &bytes);
  }
  if (empty) return 0;
  if (overflow) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape is ", ShapeText(tensor), "; the elements must have below 2^63 bytes"));
  }
  return static_cast<size_t>(bytes) / SizeBytes(dtype);
}

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
  const absl::StatusOr<size_t> count = CountElements(tensor, *dtype);
  if (!count.ok()) return absl::InvalidArgumentError(absl::StrCat(field, ".", count.status().message()));
  if (*count > static_cast<size_t>(max_elements)) {
    return absl::ResourceExhaustedError(absl::StrCat(field, " has ", *count, " elements; at most ", max_elements,
                                                     " are allowed (--max_tensor_elements)"));
  }
  const size_t bytes = *count * SizeBytes(*dtype);
  if (tensor.data().size() != bytes) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".data has ", tensor.data().size(), " bytes, but shape ",
                                                   ShapeText(tensor), " of ", std::string(Name(*dtype)), " needs ",
                                                   *count, " x ", SizeBytes(*dtype), " = ", bytes));
  }
  return TensorInfo{*dtype, *count};
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
