// SPDX-License-Identifier: Apache-2.0
// Text files that commands read. Tested by certificates_command_test.py and report_command_test.py.
#ifndef ACTBENCH_CLIENT_INPUT_FILE_H_
#define ACTBENCH_CLIENT_INPUT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace actbench::client {

// Whether an argument that may also be an id or a name is a file: it is "-", which is stdin or stdout, ends in .json or
// has a /.
bool IsFile(const std::string& argument);

// The whole of a file; "-" is stdin. Errors name it and have the code and message of errno.
absl::StatusOr<std::string> ReadText(const std::string& path);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_INPUT_FILE_H_
