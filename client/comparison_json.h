// SPDX-License-Identifier: Apache-2.0
// A comparison as JSON, for programs. docs/formats.md says what each member means. Tested by comparison_json_test.cc
// and formats_test.py.
#ifndef ACTBENCH_CLIENT_COMPARISON_JSON_H_
#define ACTBENCH_CLIENT_COMPARISON_JSON_H_

#include <string>

#include "client/comparison.h"

namespace actbench::client {

// Strict JSON, the same text for equal comparisons.
std::string ComparisonJson(const Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARISON_JSON_H_
