// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/arguments.h"
#include "client/command.h"
#include "client/compare_run.h"
#include "client/comparison.h"
#include "client/comparison_json.h"
#include "client/comparison_junit.h"
#include "client/comparison_markdown.h"
#include "client/comparison_table.h"
#include "client/output_file.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench compare base.so head.so
  actbench compare base.so head.so gelu_erf silu --direction all --layout base_shuffled.so
  actbench compare base.so head.so sigmoid/forward/f32/fast/avx2 --accept 'sigmoid/*' --junit junit.xml
  actbench compare onednn actbench --accuracy sampled
  actbench compare yesterday.json today.json --markdown - >> "$GITHUB_STEP_SUMMARY"

BASE and HEAD are both kernels or both runs. Kernels are a plug-in's, a file that ends in .so, or those of a provider
that the server has, such as onednn. They are timed in turns in the same fresh processes, in random order; what counts
is the ratio of their times. In the same processes BASE runs against a copy of itself, which must not differ, and with
5 % more work, which must be seen; --layout FILE.so is BASE built with its functions elsewhere, whose
difference is none. What is slower is measured again before it is said to be. Of HEAD that kernel is taken that has
the tier and the ISA of BASE's; where it has none of the tier, or the tier is native: the one for the same ISA, else
for the widest.
Runs are the ids or names of stored ones, or files, which end in .json or have a /. They must be of one machine,
unless --force says otherwise, and what changed on it between them counts as well; of a case each needs 8 processes.
CASES are activations, or ACTIVATION/DIRECTION/DTYPE[/TIER[/ISA]]; by default ten of f32.
Accuracy is compared at all inputs, where these are 2^32 at most; worse are a larger error, more results that are not
the correctly rounded ones, and of tier exact any other bits.

Exit status: 0 nothing is worse; 1 something is slower or less accurate; 2 something went wrong, or nothing was
compared; 3 the measurement cannot be trusted, with the reason. "could see" is the slowdown that would most likely
have been found: nothing is known of smaller ones. docs/gate.md says how it is measured, docs/formats.md has the
files.)";

constexpr char kPairs[] = "Measurement of kernels";
constexpr char kInputs[] = "Inputs";

constexpr char kExhaustive[] = "exhaustive";
constexpr char kSampled[] = "sampled";
constexpr char kOff[] = "off";

struct CompareFlags {
  CompareRun run;
  std::optional<int> processes;
  std::optional<int> max_processes;
  std::optional<double> seconds;
  std::optional<double> threshold;
  std::string accuracy = kExhaustive;
  std::string json;
  std::string markdown;
  std::string junit;
  // The first flag that was given of those that are for activations; empty: none.
  std::string for_named;
};

// A file with its form.
struct Output {
  OutputFile file;
  std::string (*to_text)(const Comparison&);
};

absl::StatusOr<std::vector<Output>> OpenOutputs(const CompareFlags& flags) {
  auto files = OpenOutputFiles({{"--json", flags.json}, {"--markdown", flags.markdown}, {"--junit", flags.junit}});
  if (!files.ok()) return files.status();
  constexpr std::string (*kToText[])(const Comparison&) = {ComparisonJson, ComparisonMarkdown, ComparisonJUnit};
  std::vector<Output> outputs;
  for (size_t i = 0; i < files->size(); ++i) {
    if ((*files)[i].has_value()) outputs.push_back({*std::move((*files)[i]), kToText[i]});
  }
  return outputs;
}

AccuracyInputsChoice ChoiceOf(const std::string& accuracy) {
  if (accuracy == kOff) return AccuracyInputsChoice::kOff;
  return accuracy == kSampled ? AccuracyInputsChoice::kSampled : AccuracyInputsChoice::kExhaustive;
}

// What is said at the end, besides the table.
void PrintVerdict(const CompareFlags& flags, const Comparison& comparison, const Judgement& judgement) {
  for (const std::string& pattern : flags.run.accept) {
    const bool used = std::any_of(comparison.rows.begin(), comparison.rows.end(), [&](const ComparisonRow& row) {
      return MatchesAny(row, {&pattern, 1});
    });
    if (!used) std::cerr << "actbench: warning: --accept " << pattern << " matches no case" << std::endl;
  }
  for (const ComparisonRow& row : comparison.rows) {
    if (SpeedOf(row) != SpeedVerdict::kUntrusted) continue;
    std::cerr << FullName(row) << ": untrusted: " << ReasonText(row) << std::endl;
  }
  std::cerr << judgement.text << std::endl;
}

ExitStatus RunCompare(CompareFlags flags, const ServerFlags& server) {
  CompareRun& run = flags.run;
  if (absl::Status good = CheckSides(run.sides, server.address); !good.ok()) return Fail(good);
  if (!flags.for_named.empty() && run.kernels.names.empty() && !run.kernels.all) {
    return Fail(
        absl::InvalidArgumentError(absl::StrCat(flags.for_named, " is for activations: name some, or give --all")));
  }
  const absl::StatusOr<std::vector<Output>> outputs = OpenOutputs(flags);
  if (!outputs.ok()) return Fail(outputs.status());
  run.plan.set_processes(flags.processes.value_or(0));
  run.plan.set_max_processes(flags.max_processes.value_or(0));
  run.plan.set_seconds(flags.seconds.value_or(0));
  run.plan.set_threshold(flags.threshold.value_or(0));
  run.accuracy = ChoiceOf(flags.accuracy);
  const std::optional<Comparison> comparison = Compare(run, server);
  if (!comparison.has_value()) return kFailure;
  const bool has_stdout =
      std::any_of(outputs->begin(), outputs->end(), [](const Output& output) { return output.file.is_stdout(); });
  (has_stdout ? std::cerr : std::cout) << ComparisonTableText(*comparison) << std::flush;
  for (const Output& output : *outputs) {
    absl::Status written = output.file.WriteAndTell(output.to_text(*comparison), comparison->rows.size(), "case");
    if (!written.ok()) return Fail(written);
  }
  const Judgement judgement = Judge(comparison->rows);
  PrintVerdict(flags, *comparison, judgement);
  return judgement.exit_status;
}

void AddMeasurementFlags(CLI::App& command, CompareFlags& flags) {
  command.add_option("--processes", flags.processes, "The processes of each pass (default: 16)")
      ->type_name("N")
      ->transform(NumberIn(8, 1000))
      ->group(kPairs);
  command.add_option("--max_processes", flags.max_processes, "At most, while it is not decided (default: 64)")
      ->type_name("N")
      ->transform(NumberIn(8, 1000))
      ->group(kPairs);
  command.add_option("--time", flags.seconds, "Begin no more after so long than what is needed (default: 300)")
      ->type_name("SECONDS")
      ->transform(NumberIn(0.001, 86400.0, "number of seconds from 0.001 to 86400"))
      ->group(kPairs);
  command.add_option("--layout", flags.run.sides.layout, "BASE built with its functions elsewhere")
      ->type_name("FILE.so")
      ->group(kPairs);
}

void AddVerdictFlags(CLI::App& command, CompareFlags& flags) {
  command
      .add_option("--threshold", flags.threshold,
                  "The smallest relative difference that matters (default: 0.03, between runs 0.1)")
      ->type_name("RATIO")
      ->transform(NumberIn(0.001, 1.0, "number from 0.001 to 1"))
      ->group("Verdict");
  command
      .add_option("--accuracy", flags.accuracy,
                  "exhaustive (where it can be, else sampled; the default), sampled or off")
      ->check(CLI::IsMember({kExhaustive, kSampled, kOff}))
      ->type_name("INPUTS")
      ->group("Verdict");
  command
      .add_option("--accept", flags.run.accept,
                  "Cases that may be slower or less accurate, such as 'sigmoid/*'; several: again")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->group("Verdict");
  command.add_flag("--force", flags.run.force, "Compare runs of different machines all the same")->group("Verdict");
  const auto add_file = [&](const char* flag, std::string& target, const char* help) {
    command.add_option(flag, target, help)->type_name("FILE")->group("Output");
  };
  add_file("--json", flags.json, "Write all numbers for programs; - is standard output");
  add_file("--markdown", flags.markdown, "Write a summary for CI jobs and comments; - is standard output");
  add_file("--junit", flags.junit, "Write JUnit's XML: a test for each case; - is standard output");
  const auto add_label = [&](const char* flag, std::string& target, const char* help) {
    command.add_option(flag, target, help)->type_name("TEXT")->group("Output");
  };
  add_label("--base_label", flags.run.base_label, "What BASE is called there, such as its commit");
  add_label("--head_label", flags.run.head_label, "The same of HEAD");
}

// The first of the options of these groups that was given, if any.
std::string FirstGiven(const CLI::App& command, const std::set<std::string>& groups) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() > 0 && groups.count(option->get_group()) > 0) return option->get_name();
  }
  return "";
}

}  // namespace

void AddCompareCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command =
      app.add_subcommand("compare", "Say whether kernels became slower or less accurate: of two plug-ins or two runs");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  command->add_option("BASE", flags->run.sides.base, "What there was: a plug-in, a provider or a run")
      ->required()
      ->type_name("");
  command->add_option("HEAD", flags->run.sides.head, "What is to be judged: the same")->required()->type_name("");
  AddKernelFlags(*command, flags->run.kernels, "CASES");
  command->remove_option(command->get_option("--provider"));
  CLI::Option* names = command->get_option("CASES");
  names->description("Activations, or ACTIVATION/DIRECTION/DTYPE[/TIER[/ISA]] (default: ten of f32)");
  command->get_option("--all")->excludes(names);
  command->get_option("--dtype")->description("f64, f32, f16, bf16 (default: f32)");
  const std::string kernels_group = command->get_option("--tier")->get_group();
  AddParameterFlag(*command, flags->run.parameters)->group(kInputs);
  AddBenchmarkInputFlags(*command, flags->run.inputs);
  AddMeasurementFlags(*command, *flags);
  AddVerdictFlags(*command, *flags);
  command->final_callback([=, &server, &exit_status] {
    flags->for_named = FirstGiven(*command, {kernels_group});
    flags->run.for_kernels = FirstGiven(*command, {kernels_group, kInputs, kPairs});
    if (!flags->run.kernels.names.empty()) flags->run.for_kernels = "CASES";
    if (flags->run.kernels.all) flags->run.for_kernels = "--all";
    flags->run.inputs.convert = NamesDtype(flags->run.kernels);
    exit_status = RunCompare(*flags, server);
  });
}

}  // namespace actbench::client
