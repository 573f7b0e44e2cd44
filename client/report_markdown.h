// SPDX-License-Identifier: Apache-2.0
// A benchmark run as a Markdown summary, for CI jobs and comments. Tested by report_markdown_test.cc.
#ifndef ACTBENCH_CLIENT_REPORT_MARKDOWN_H_
#define ACTBENCH_CLIENT_REPORT_MARKDOWN_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// GitHub's Markdown: the counts, a table of the measured cases with the fastest kernel of each activation in bold,
// those that were not measured and why, and the fingerprint. Long tables are folded, below one of the fastest kernels.
std::string MarkdownReport(const v1::BenchmarkRun& run);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_REPORT_MARKDOWN_H_
