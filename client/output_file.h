// SPDX-License-Identifier: Apache-2.0
// A text file that a command writes at its end. Tested by output_file_test.cc.
#ifndef ACTBENCH_CLIENT_OUTPUT_FILE_H_
#define ACTBENCH_CLIENT_OUTPUT_FILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace actbench::client {

// Looked at before the work whose result it will hold, so that a path that cannot be written is told at once. Errors
// name the file and have the code and message of errno.
class OutputFile {
 public:
  // "-" is stdout.
  static absl::StatusOr<OutputFile> Open(const std::string& path);

  // Replaces a regular file by the text as a whole, or not at all; pipes and devices are written to.
  absl::Status Write(absl::string_view text) const;
  // The same, and says so, unless it is stdout: "wrote x.json: 3 cases", for a `noun` of "case".
  absl::Status WriteAndTell(absl::string_view text, size_t count, absl::string_view noun) const;

  const std::string& path() const { return path_; }
  bool is_stdout() const { return path_ == "-"; }

 private:
  OutputFile(std::string path, std::string target, bool replace);
  absl::Status Replace(absl::string_view text) const;

  std::string path_;    // as given
  std::string target_;  // where symbolic links lead
  bool replace_;
};

// A flag that names a file, which is empty where it is not given.
struct FileFlag {
  const char* flag;
  const std::string& path;
};

// The files of all flags, nothing for those that are not given. INVALID_ARGUMENT if two are the same file.
absl::StatusOr<std::vector<std::optional<OutputFile>>> OpenOutputFiles(absl::Span<const FileFlag> flags);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_OUTPUT_FILE_H_
