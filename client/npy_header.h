// SPDX-License-Identifier: Apache-2.0
// The header of a .npy file: the text of a Python dictionary. Tested by npy_test.cc.
#ifndef ACTBENCH_CLIENT_NPY_HEADER_H_
#define ACTBENCH_CLIENT_NPY_HEADER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kernels/dtype.h"

namespace actbench::client {

struct NpyHeader {
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
};

// Parses the dictionary. INVALID_ARGUMENT with the reason if it is malformed, lacks a key or describes an array that is
// not supported.
absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view text);

// The dictionary of a C-order array, without padding.
std::string FormatNpyHeader(Dtype dtype, absl::Span<const int64_t> shape);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_NPY_HEADER_H_
