// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, versions 1.0 to 3.0, as tensors of the API: '<f8' '<f4' '<f2', and '<V2' or '|V2' (what ml_dtypes
// writes) for bf16. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Tested by
// npy_test.cc.
#ifndef ACTBENCH_CLIENT_NPY_H_
#define ACTBENCH_CLIENT_NPY_H_

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/types.pb.h"

namespace actbench::client {

// Reads a file or pipe, or stdin where `path` is "-", that holds one array and nothing else. Fortran order is accepted
// where it is the same as C order (at most one dimension other than 1). Otherwise, and for big-endian, object,
// structured and other arrays as well as for damaged files, INVALID_ARGUMENT names the file and the reason; if it
// cannot be read, the code and message of errno.
absl::StatusOr<v1::Tensor> ReadNpy(const std::string& path);

// A file that a flag names, which is empty where it is not given.
struct FileArgument {
  const char* flag;
  const std::string& path;
};
// INVALID_ARGUMENT if more than one of them is "-".
absl::Status CheckOneStdin(absl::Span<const FileArgument> files);

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// A file to be written, looked at before the work whose result it will hold, so that a path that cannot be written is
// told at once. What was there stays until Write. "-" is stdout. Errors have the code and message of errno.
class NpyWriter {
 public:
  static absl::StatusOr<NpyWriter> Open(const std::string& path);

  // Writes version 1.0, bf16 as '<V2', and closes the file. Where there is no room for it, the former content stays.
  // To be called once.
  absl::Status Write(const v1::Tensor& tensor);

  const std::string& path() const { return path_; }

 private:
  NpyWriter(const std::string& path, File file) : path_(path), file_(std::move(file)) {}
  absl::Status WriteAll(const v1::Tensor& tensor);

  std::string path_;
  File file_;  // null if there is none yet, and when it was closed
  bool is_stdout_ = false;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_NPY_H_
