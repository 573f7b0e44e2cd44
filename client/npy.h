// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, versions 1.0 to 3.0, as tensors of the API: '<f8' '<f4' '<f2', and '<V2' or '|V2' (what ml_dtypes
// writes) for bf16. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Tested by
// npy_test.cc.
#ifndef ACTBENCH_CLIENT_NPY_H_
#define ACTBENCH_CLIENT_NPY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/types.pb.h"

namespace actbench::client {

// Reads a file or pipe that holds one array and nothing else. Fortran order is accepted where it is the same as C order
// (at most one dimension other than 1). Otherwise, and for big-endian, object, structured and other arrays as well as
// for damaged files, INVALID_ARGUMENT names the file and the reason; if it cannot be read, the code and message of
// errno.
absl::StatusOr<v1::Tensor> ReadNpy(const std::string& path);

// Writes version 1.0, replacing what was there; bf16 as '<V2'. The error has the code and message of errno.
absl::Status WriteNpy(const std::string& path, const v1::Tensor& tensor);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_NPY_H_
