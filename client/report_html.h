// SPDX-License-Identifier: Apache-2.0
// A benchmark run as a web page. Tested by report_html_test.cc and report_command_test.py.
#ifndef ACTBENCH_CLIENT_REPORT_HTML_H_
#define ACTBENCH_CLIENT_REPORT_HTML_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// One file that needs nothing else, not even a network: plots of speed against accuracy, tables, what was not measured,
// what disturbed it, the fingerprint. Follows the reader's light or dark color scheme; its script only sorts tables
// and links points to rows.
std::string HtmlReport(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_HTML_H_
