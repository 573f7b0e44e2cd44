// SPDX-License-Identifier: Apache-2.0
// What is wrong with a command line, in the words of both programs. Tested by usage_test.cc.
#ifndef ACTBENCH_PROTO_USAGE_H_
#define ACTBENCH_PROTO_USAGE_H_

#include <CLI/CLI.hpp>
#include <string>

namespace actbench {

// What was given and what is allowed, in place of CLI11's own words: `--seed: no value is given; it takes N`.
std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_USAGE_H_
