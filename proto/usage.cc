// SPDX-License-Identifier: Apache-2.0
#include "proto/usage.h"

#include <regex>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

// CLI11 has its errors as text alone.
struct Wording {
  const char* error;
  const char* its;
  const char* ours;
};

constexpr Wording kWordings[] = {
    {"ExcludesError", R"((\S+) excludes (\S+))", "$1 and $2 exclude each other; give one of them"},
    {"RequiresError", R"((\S+) requires (\S+))", "$1 needs $2 too"},
    // Numbers have checks that come first.
    {"ConversionError", R"(Could not convert: (\S+) = ([\s\S]*))", R"($1: "$2" is neither true nor false)"},
    {"ArgumentMismatch", R"((\S+): \d+ required (?:INT:|TEXT:)?([\s\S]*) missing)",
     "$1: no value is given; it takes $2"},
    {"ArgumentMismatch", R"((\S+): At (?:Most|least) (\d+) required but received 1)",
     "$1: 1 value is given; it takes $2"},
    {"ArgumentMismatch", R"((\S+): At (?:Most|least) (\d+) required but received (\d+))",
     "$1: $3 values are given; it takes $2"},
    {"ValidationError", R"((\S+): ([\s\S]*) not in \{(.*)\})", R"($1: "$2" is none of $3)"},
    {"ValidationError", R"((\S+): Value ([\s\S]*) not in range (\S+) to (\S+))",
     R"($1: "$2" is not a number from $3 to $4)"},
};

std::string InOurWords(const CLI::ParseError& error) {
  std::string text = error.what();
  for (const Wording& wording : kWordings) {
    const std::regex its(wording.its);
    if (error.get_name() == wording.error && std::regex_match(text, its)) {
      return std::regex_replace(text, its, wording.ours);
    }
  }
  return text;
}

}  // namespace

std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  const bool lacks = error.get_name() == "RequiredError";
  // CLI11 would tell of a missing command or argument even where the cause is a misspelled one.
  if (lacks && !unknown.empty()) return absl::StrCat("unknown command or flag ", unknown.front());
  if (lacks && absl::StartsWith(error.what(), "A subcommand")) return "no command given";
  // Whose name is that of the command.
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty()) {
    const bool flag = absl::StartsWith(unknown.front(), "-");
    return flag ? absl::StrCat("unknown flag ", unknown.front())
                : absl::StrCat("\"", unknown.front(), "\" is one argument too many");
  }
  return InOurWords(error);
}

}  // namespace actbench
