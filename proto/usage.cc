// SPDX-License-Identifier: Apache-2.0
#include "proto/usage.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"

namespace actbench {
namespace {

// CLI11 has its errors as text alone. "$" stands for what differs.
struct Wording {
  const char* error;
  const char* its;
  const char* ours;
};

constexpr Wording kWordings[] = {
    {"ExcludesError", "$ excludes $", "$0 and $1 exclude each other; give one of them"},
    {"RequiresError", "$ requires $", "$0 needs $1 too"},
    // Numbers have been read before.
    {"ConversionError", "Could not convert: $ = $", "$0: \"$1\" is neither true nor false"},
    {"ArgumentMismatch", "$: $ required TEXT:$ missing", "$0: no value is given; it takes $2"},
    {"ArgumentMismatch", "$: $ required $ missing", "$0: no value is given; it takes $2"},
    {"ArgumentMismatch", "$: At least $ required but received 1", "$0: 1 value is given; it takes $1"},
    {"ArgumentMismatch", "$: At Most $ required but received $", "$0: $2 values are given; it takes $1"},
    {"ArgumentMismatch", "$: At least $ required but received $", "$0: $2 values are given; it takes $1"},
    {"ValidationError", "$: $ not in {$}", "$0: \"$1\" is none of $2"},
};

// What stands in place of each "$" in `pattern`; empty where `text` is of another form. The flag comes first and has
// no words of the pattern; a value of the user may have some, so that what follows it is looked for from the end.
std::vector<std::string> Parts(absl::string_view text, absl::string_view pattern) {
  const std::vector<absl::string_view> words = absl::StrSplit(pattern, '$');
  if (!absl::ConsumePrefix(&text, words.front()) || !absl::ConsumeSuffix(&text, words.back())) return {};
  std::vector<std::string> parts;
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    const size_t place = i == 1 ? text.find(words[i]) : text.rfind(words[i]);
    if (place == absl::string_view::npos) return {};
    parts.emplace_back(text.substr(0, place));
    text.remove_prefix(place + words[i].size());
  }
  parts.emplace_back(text);
  return parts;
}

std::string InOurWords(const CLI::ParseError& error) {
  std::string text = error.what();
  for (const Wording& wording : kWordings) {
    if (error.get_name() != wording.error) continue;
    std::vector<std::string> parts = Parts(text, wording.its);
    if (parts.empty()) continue;
    parts.resize(3);
    return absl::Substitute(wording.ours, parts[0], parts[1], parts[2]);
  }
  return text;
}

// What a unit such as "MiB" is in bytes; 0 if there is none of that name.
int64_t UnitBytes(absl::string_view unit) {
  constexpr absl::string_view kPrefixes = "kmgtpe";
  const std::string name = absl::AsciiStrToLower(unit);
  if (name.empty() || name == "b") return 1;
  const size_t prefix = kPrefixes.find(name.front());
  const absl::string_view rest = absl::string_view(name).substr(1);
  const bool known = prefix != absl::string_view::npos && (rest.empty() || rest == "b" || rest == "ib");
  return known ? int64_t{1} << (10 * (prefix + 1)) : 0;
}

}  // namespace

CLI::Validator SizeIn(int64_t min, int64_t max) {
  return internal::Reader(
      [=](absl::string_view text, std::string& read) {
        const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        const int64_t unit = UnitBytes(absl::StripLeadingAsciiWhitespace(text.substr(digits)));
        int64_t count = 0;
        if (unit == 0 || !absl::SimpleAtoi(text.substr(0, digits), &count) || count > max / unit) return false;
        read = absl::StrCat(count * unit);
        return count * unit >= min;
      },
      absl::StrCat("size from ", min, " to ", max, ", with or without a unit such as MiB"));
}

CLI::Validator internal::Reader(ReadFunction read, std::string allowed) {
  const auto replace = [read = std::move(read), allowed = std::move(allowed)](std::string& text) {
    std::string as_read;
    if (!read(text, as_read)) return absl::StrCat("\"", text, "\" is not a ", allowed);
    text = as_read;
    return std::string();
  };
  return {replace, /*validator_desc=*/""};
}

bool AsksForHelp(const CLI::App& app) {
  if (app.get_help_ptr() != nullptr && app.get_help_ptr()->count() > 0) return true;
  const std::vector<CLI::App*> commands = app.get_subcommands();
  return std::any_of(commands.begin(), commands.end(), [](const CLI::App* command) { return AsksForHelp(*command); });
}

std::map<std::string, std::string> VariablesInUse(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> variables;
  for (const CLI::Option* option : app.get_options()) {
    const std::string variable = option->get_envname();
    const char* const value = variable.empty() ? nullptr : std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    const std::string flag = option->get_name();
    const bool typed = std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
      return argument == flag || absl::StartsWith(argument, flag + "=");
    });
    if (!typed) variables.emplace(flag, variable);
  }
  return variables;
}

std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error,
                            const std::vector<std::string>& arguments) {
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
  std::string description = InOurWords(error);
  // A wrong value is told as "--flag: why".
  const std::string flag = description.substr(0, description.find(':'));
  const std::map<std::string, std::string> variables = VariablesInUse(app, arguments);
  if (const auto variable = variables.find(flag); variable != variables.end()) {
    description.replace(0, flag.size(), variable->second);
  }
  return description;
}

}  // namespace actbench
