// SPDX-License-Identifier: Apache-2.0
// Where commands get a benchmark run from. Tested by report_command_test.py.
#ifndef ACTBENCH_CLIENT_RUN_SOURCE_H_
#define ACTBENCH_CLIENT_RUN_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"
#include "client/session.h"

namespace actbench::client {

// The run of a file if IsFile (input_file.h), else the stored one of this id, beginning of an id, or name. Errors name
// the file, or are those of the server.
absl::StatusOr<v1::BenchmarkRun> LoadRun(const std::string& argument, const ServerFlags& server);

// That of a file alone.
absl::StatusOr<v1::BenchmarkRun> LoadRunFile(const std::string& path);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_RUN_SOURCE_H_
