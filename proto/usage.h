// SPDX-License-Identifier: Apache-2.0
// Numbers of command lines, and what is wrong with one, in the words of both programs. Tested by usage_test.cc.
#ifndef ACTBENCH_PROTO_USAGE_H_
#define ACTBENCH_PROTO_USAGE_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace actbench {

namespace internal {

// Whether `text` is right, and what it says in a form that cannot be read in two ways.
using ReadFunction = std::function<bool(absl::string_view text, std::string& read)>;
CLI::Validator Reader(ReadFunction read, std::string allowed);

}  // namespace internal

// Numbers, for Option::transform: CLI11 then converts what has been read here. On its own it takes 010 for 8. In errors
// they are `"x" is not a <allowed>`.
template <class T>
CLI::Validator NumberIn(T min, T max, const std::string& allowed) {
  return internal::Reader(
      [=](absl::string_view text, std::string& read) {
        T number = 0;
        if constexpr (std::is_integral_v<T>) {
          if (!absl::SimpleAtoi(text, &number)) return false;
          read = absl::StrCat(number);
        } else {
          if (!absl::SimpleAtod(text, &number)) return false;
          read = absl::StrFormat("%.17g", number);
        }
        return min <= number && number <= max;
      },
      allowed);
}

template <class T>
CLI::Validator NumberIn(T min, T max) {
  return NumberIn(min, max,
                  absl::StrCat(std::is_integral_v<T> ? "whole number" : "number", " from ", min, " to ", max));
}

// A number of bytes, also with a unit: k, kb and kib, in either case, are 1024 bytes.
CLI::Validator SizeIn(int64_t min, int64_t max);

// What was given and what is allowed, in place of CLI11's own words: `--seed: no value is given; it takes N`. Where a
// variable is wrong, that is named: `arguments` are those of the command line.
std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error,
                            const std::vector<std::string>& arguments = {});

// Whether help on the program or on a command of it is asked for, which no other mistake is to prevent.
bool AsksForHelp(const CLI::App& app);

// The variables from which flags of the program have their values, by flag, as "--threads".
std::map<std::string, std::string> VariablesInUse(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_USAGE_H_
