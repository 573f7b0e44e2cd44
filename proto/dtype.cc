// SPDX-License-Identifier: Apache-2.0
#include "proto/dtype.h"

namespace actbench {

v1::Dtype ToProto(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF64:
      return v1::DTYPE_F64;
    case Dtype::kF32:
      return v1::DTYPE_F32;
    case Dtype::kF16:
      return v1::DTYPE_F16;
    case Dtype::kBF16:
      return v1::DTYPE_BF16;
  }
  return v1::DTYPE_UNSPECIFIED;
}

std::optional<Dtype> FromProto(v1::Dtype dtype) {
  for (const DtypeInfo& info : AllDtypes()) {
    if (ToProto(info.dtype) == dtype) return info.dtype;
  }
  return std::nullopt;
}

}  // namespace actbench
