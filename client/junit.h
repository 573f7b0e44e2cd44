// SPDX-License-Identifier: Apache-2.0
// JUnit's XML, for the test views of CI systems. Tested by report_junit_test.cc and comparison_junit_test.cc.
#ifndef ACTBENCH_CLIENT_JUNIT_H_
#define ACTBENCH_CLIENT_JUNIT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "actbench/v1/catalog.pb.h"

namespace actbench::client {

// One test.
struct JUnitCase {
  enum Outcome { kPassed, kSkipped, kFailed, kError };

  std::string group;  // its class
  std::string name;
  std::optional<double> seconds;
  Outcome outcome = kPassed;
  std::string message;  // in one line; why it did not pass
  std::string text;     // what it printed, or how it failed
};

// All of a report.
struct JUnitSuite {
  std::string name;
  std::optional<absl::Time> time;  // when it began
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<JUnitCase> cases;
};

std::string JUnitXml(const JUnitSuite& suite);

// "sigmoid.forward.f32": dots, as in names of classes, are what CI systems group by.
std::string JUnitGroup(const v1::Kernel& kernel);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_JUNIT_H_
