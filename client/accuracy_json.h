// SPDX-License-Identifier: Apache-2.0
// The JSON of accuracy reports; docs/formats.md says what each member means. Tested by accuracy_json_test.cc and
// formats_test.py.
#ifndef ACTBENCH_CLIENT_ACCURACY_JSON_H_
#define ACTBENCH_CLIENT_ACCURACY_JSON_H_

#include <string>

#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

// One object, without a newline.
std::string AccuracyJson(const v1::Certificate& certificate);

// An array of these, a line for each.
std::string AccuracyJson(absl::Span<const v1::Certificate> certificates);

// What two kernels do on the same inputs, as an object and a newline.
std::string ComparisonJson(const v1::Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_JSON_H_
