// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/arguments.h"
#include "client/command.h"
#include "client/format.h"
#include "client/interrupt.h"
#include "client/output_file.h"
#include "client/progress_bar.h"
#include "client/study/statements.h"
#include "client/study/study.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench study
  actbench study --quick --html study.html
  actbench study --only sigmoid_vanishes,relu_zeros --seed 2 --json study.json
  actbench --server localhost:50051 study --markdown study.md

Takes what articles say of activation functions statement by statement and measures each: derivatives over all inputs,
times by instruction set and size, and what becomes of small networks that learn to read digits (the images are part of
the program) with the activations. Each verdict is computed from the numbers beside it: confirmed, corrected (true in
part), refuted, or depends (true under some of the conditions, or undecided). Takes some minutes; --quick some seconds,
with a 251st of the inputs, two networks of each kind, fewer epochs and the narrowest and widest instruction set alone.
Networks are trained here and use the server for their activations; times are the server's, which waits for its turn.
The same seed gives the same numbers on the same machine, but for times (the unit ns) and what follows from them.
With --html one page that needs no network; with --markdown a page and its plots, SVG files beside it whose names begin
with its own. Ctrl-C ends it, and files have the statements that were done.
The exit status is 0 whatever the verdicts are, and 2 if a statement could not be measured.
docs/study.md is one study; docs/formats.md has the JSON.)";

struct StudyFlags {
  std::vector<std::string> only;
  bool quick = false;
  uint64_t seed = 1;
  std::string html;
  std::string json;
  std::string markdown;
};

struct Outputs {
  std::optional<OutputFile> html;
  std::optional<OutputFile> json;
  std::optional<OutputFile> markdown;
};

absl::StatusOr<Outputs> OpenOutputs(const StudyFlags& flags) {
  if (flags.markdown == "-") {
    return absl::InvalidArgumentError("--markdown needs a file: its plots are written beside it");
  }
  if (flags.html == "-" && ::isatty(STDOUT_FILENO) != 0) {
    return absl::InvalidArgumentError("--html is for a browser, not for a terminal: give --html study.html");
  }
  auto files = OpenOutputFiles({{"--html", flags.html}, {"--json", flags.json}, {"--markdown", flags.markdown}});
  if (!files.ok()) return files.status();
  return Outputs{std::move((*files)[0]), std::move((*files)[1]), std::move((*files)[2])};
}

// All that can be written, the text first, here and below; the first error.
absl::Status WriteMarkdown(const OutputFile& file, const Study& study) {
  const std::filesystem::path path(file.path());
  const StudyMarkdown markdown = MakeStudyMarkdown(study, path.stem().string());
  absl::Status written = file.WriteAndTell(markdown.text, study.answers.size(), "statement");
  for (const auto& [name, svg] : markdown.plots) {
    const absl::StatusOr<OutputFile> plot = OutputFile::Open((path.parent_path() / name).string());
    written.Update(plot.ok() ? plot->Write(svg) : plot.status());
  }
  return written;
}

// What was done, if anything was: what is in the files may be worth more than nothing.
absl::Status WriteOutputs(const Outputs& outputs, const Study& study) {
  if (study.answers.empty()) return absl::OkStatus();
  const size_t count = study.answers.size();
  absl::Status written = absl::OkStatus();
  if (outputs.html.has_value()) written.Update(outputs.html->WriteAndTell(StudyHtml(study), count, "statement"));
  if (outputs.json.has_value()) written.Update(outputs.json->WriteAndTell(StudyJson(study), count, "statement"));
  if (outputs.markdown.has_value()) written.Update(WriteMarkdown(*outputs.markdown, study));
  return written;
}

// Measures the statements, a line for each as it is done.
class Runner {
 public:
  Runner(const StudyFlags& flags, const ServerFlags& server, Client& client, std::vector<const Statement*> statements)
      : server_(server),
        statements_(std::move(statements)),
        text_(flags.html == "-" || flags.json == "-" ? std::cerr : std::cout),
        lab_(client, {.seed = flags.seed, .quick = flags.quick},
             [this](const std::string& what, double share) { Show(what, share); }) {
    study_.options = lab_.options();
    study_.time = absl::Now();
  }

  // The error of what ended it, if something did.
  absl::Status Run() {
    absl::StatusOr<v1::GetServerInfoResponse> info = lab_.client().GetServerInfo();
    if (!info.ok()) return info.status();
    study_.server = *std::move(info);
    text_ << AlignedLine(columns_, {"verdict", "statement", "deciding numbers"}) << std::flush;
    absl::Status ended;
    for (const Statement* statement : statements_) {
      Answer answer = AnswerOf(*statement, lab_);
      study_.seconds = absl::ToDoubleSeconds(absl::Now() - study_.time);
      bar_.Clear();
      if (!answer.status.ok() && EndsAll(answer.status)) {
        ended = answer.status;
        break;
      }
      text_ << AlignedLine(columns_, {VerdictText(answer), statement->name, BecauseText(answer)}) << std::flush;
      if (!answer.status.ok()) Fail(WithName(*statement, answer.status), server_);
      study_.answers.push_back(std::move(answer));
    }
    return ended;
  }

  const Study& study() const { return study_; }
  size_t count() const { return statements_.size(); }

 private:
  static absl::Status WithName(const Statement& statement, const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(statement.name, ": ", status.message()));
  }

  void Show(const std::string& what, double share) {
    const absl::Time now = absl::Now();
    constexpr absl::Duration kInterval = absl::Milliseconds(100);
    if (now - shown_ < kInterval) return;
    shown_ = now;
    const size_t current = study_.answers.size();
    bar_.Show(absl::StrCat(current + 1, "/", count(), " ", statements_[current]->name, ": ", what), {.share = share});
  }

  const ServerFlags& server_;
  const std::vector<const Statement*> statements_;
  const std::vector<Column> columns_ = {{"verdict", false, 12}, {"statement", false, 23}, {"deciding numbers"}};
  std::ostream& text_;
  ProgressBar bar_;
  absl::Time shown_ = absl::InfinitePast();
  Study study_;
  Lab lab_;
};

void PrintSummary(const Study& study) {
  std::cerr << CountsText(study) << "; " << ConditionsText(study, ", ") << std::endl;
}

ExitStatus RunStudy(const StudyFlags& flags, const ServerFlags& server) {
  std::vector<std::string> names;
  for (const std::string& list : flags.only) {
    const absl::StatusOr<std::vector<std::string>> parts = ParseList(list, "--only");
    if (!parts.ok()) return Fail(parts.status());
    names.insert(names.end(), parts->begin(), parts->end());
  }
  absl::StatusOr<std::vector<const Statement*>> statements = FindStatements(names);
  if (!statements.ok()) return Fail(statements.status());
  const absl::StatusOr<Outputs> outputs = OpenOutputs(flags);
  if (!outputs.ok()) return Fail(outputs.status());
  absl::StatusOr<Client> client = OpenClient(server);
  if (!client.ok()) return Fail(client.status());

  Cancellation cancellation;
  Runner runner(flags, server, *client, *std::move(statements));
  absl::Status ended;
  {
    Interrupt interrupt(cancellation);
    client->set_cancellation(&cancellation);
    ended = runner.Run();
    client->set_cancellation(nullptr);
  }
  const Study& study = runner.study();
  if (absl::Status written = WriteOutputs(*outputs, study); !written.ok()) return Fail(written);
  if (absl::IsCancelled(ended) && cancellation.cancelled()) {
    Fail(absl::CancelledError(
        absl::StrCat("interrupted; ", study.answers.size(), " of ", runner.count(), " statements were measured")));
    EndInterrupted();
  }
  if (!ended.ok()) return Fail(ended, server);
  PrintSummary(study);
  const bool all =
      std::all_of(study.answers.begin(), study.answers.end(), [](const Answer& answer) { return answer.status.ok(); });
  return all ? kSuccess : kFailure;
}

}  // namespace

void AddStudyCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<StudyFlags>();
  CLI::App* command = app.add_subcommand("study", "Measure what articles say of activation functions");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  command->add_option("--only", flags->only, "These statements; may be repeated (default: all)")
      ->type_name("NAME,...")
      ->allow_extra_args(false);
  command->add_flag("--quick", flags->quick, "A first look, in some seconds");
  command->add_option("--seed", flags->seed, "Of the networks and their images' order (default: 1)")
      ->type_name("N")
      ->transform(NumberIn(uint64_t{0}, std::numeric_limits<uint64_t>::max()));
  const auto add_file = [&](const char* flag, std::string& path, const char* help) {
    command->add_option(flag, path, help)->type_name("FILE")->group("Output");
  };
  add_file("--html", flags->html, "Write a page for a browser");
  add_file("--json", flags->json, "Write all numbers for programs; - is standard output");
  add_file("--markdown", flags->markdown, "Write a page of Markdown, with its plots beside it");
  command->final_callback([flags, &server, &exit_status] { exit_status = RunStudy(*flags, server); });
}

}  // namespace actbench::client
