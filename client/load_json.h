// SPDX-License-Identifier: Apache-2.0
// The JSON of loads; docs/formats.md says what each member means. Tested by load_json_test.cc and formats_test.py.
#ifndef ACTBENCH_CLIENT_LOAD_JSON_H_
#define ACTBENCH_CLIENT_LOAD_JSON_H_

#include <string>

#include "absl/types/span.h"
#include "client/load_result.h"

namespace actbench::client {

// One object and a newline, a line of it for each rate.
std::string LoadJson(const LoadSetup& setup, absl::Span<const LoadResult> results);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_JSON_H_
