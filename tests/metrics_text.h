// SPDX-License-Identifier: Apache-2.0
// Reads values out of a Prometheus exposition, for tests.
#ifndef ACTBENCH_TESTS_METRICS_TEXT_H_
#define ACTBENCH_TESTS_METRICS_TEXT_H_

#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace actbench {

inline std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The value of `series`, written as the exposition does: "name" or "name{a=\"1\",b=\"2\"}". NaN if there is none.
inline double MetricValue(const std::string& text, const std::string& series) {
  for (const std::string& line : Lines(text)) {
    if (line.starts_with(series + " ")) return std::strtod(line.c_str() + series.size() + 1, nullptr);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_METRICS_TEXT_H_
