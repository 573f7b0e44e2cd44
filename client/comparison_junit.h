// SPDX-License-Identifier: Apache-2.0
// A comparison as JUnit's XML. Tested by comparison_junit_test.cc and compare_command_test.py.
#ifndef ACTBENCH_CLIENT_COMPARISON_JUNIT_H_
#define ACTBENCH_CLIENT_COMPARISON_JUNIT_H_

#include <string>

#include "client/comparison.h"

namespace actbench::client {

// A test for each row: failed if it is a regression, an error if it went wrong, skipped if it was or cannot be trusted,
// else passed, with the numbers and what is ambiguous in its system-out. The time of a test is that of head's call.
std::string ComparisonJUnit(const Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARISON_JUNIT_H_
