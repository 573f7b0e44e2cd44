// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/arguments.h"
#include "client/benchmark_csv.h"
#include "client/benchmark_inputs.h"
#include "client/benchmark_json.h"
#include "client/benchmark_result.h"
#include "client/benchmark_table.h"
#include "client/command.h"
#include "client/format.h"
#include "client/interrupt.h"
#include "client/kernel_selection.h"
#include "client/output_file.h"
#include "client/progress_bar.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench bench sigmoid
  actbench bench sigmoid gelu_erf tanh --isa all --provider all --json bench.json
  actbench bench --all --provider actbench --tier all --save nightly
  actbench bench silu --direction all --dtype all --working_set l1,l2,dram --cache hot,cold
  actbench bench swish --param beta=1.5 --size 1000,1000000 --threads 1,2
  actbench bench identity --device cuda:0 --size 1 --launch alone,graph
  actbench bench sigmoid/forward/f32/actbench/fast/scalar --time 10
  actbench --server localhost:50051 bench gelu_erf

Each case is timed in fresh processes, one at a time on the machine: what does not change within a process, such as where
its memory lies, changes times by some percent. The kernels of one activation, dtype and size take turns, in random
order; the fastest is marked with a star. "ns/element" is the median over processes of their medians, "+-" half the width
of its 95 % interval, by a bootstrap over processes ("-": of one process there is none). "of a copy" is how the kernel's
bytes per second compare with those of copying x to y in the same processes. The error in ulp, of gradients that at
dy = 1, is that of the newest current certificate (see 'actbench accuracy --exhaustive'), else that of a million samples,
a lower bound, shown with ">="; with --no_accuracy these are not taken, which saves up to some seconds a case.
"noisy" marks a result during which something slowed the machine down even after half of the time was measured anew;
"interval wider than asked" one where it is over 1 % after all processes. Neither changes the exit status.
Sizes are elements of each input and output; a working set is all of them together: half of the L1, L2 or L3 cache, or
four times the last for dram. Runs are stored: see 'actbench runs --help'. Ctrl-C stops the server's work too.
docs/benchmarks.md says how it is measured, docs/formats.md has the files.)";

struct BenchFlags {
  KernelFlags kernels;
  BenchmarkInputFlags inputs;
  std::vector<std::string> parameters;
  std::optional<double> seconds;
  std::optional<int> processes;
  bool no_accuracy = false;
  std::string save;
  std::string json;
  std::string csv;
};

struct Outputs {
  std::optional<OutputFile> json;
  std::optional<OutputFile> csv;
};

absl::StatusOr<Outputs> OpenOutputs(const BenchFlags& flags) {
  auto files = OpenOutputFiles({{"--json", flags.json}, {"--csv", flags.csv}});
  if (!files.ok()) return files.status();
  return Outputs{std::move((*files)[0]), std::move((*files)[1])};
}

absl::Status WriteOutputs(const Outputs& outputs, const v1::BenchmarkRun& run) {
  using ToText = std::string (*)(const v1::BenchmarkRun&);
  const std::pair<const std::optional<OutputFile>&, ToText> files[] = {{outputs.json, GoogleBenchmarkJson},
                                                                       {outputs.csv, BenchmarkCsv}};
  for (const auto& [file, to_text] : files) {
    if (!file.has_value()) continue;
    absl::Status written = file->WriteAndTell(to_text(run), static_cast<size_t>(run.measured()), "case");
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

void SetPlan(const BenchFlags& flags, v1::BenchmarkPlan& plan) {
  constexpr int kUsualProcesses = 16;
  const int processes = flags.processes.value_or(kUsualProcesses);
  if (flags.processes.has_value()) plan.set_max_processes(processes);
  if (flags.seconds.has_value()) plan.set_process_ms(std::max(1, static_cast<int>(*flags.seconds * 1000 / processes)));
}

absl::StatusOr<v1::RunBenchmarkRequest> MakeRequest(Client& client, const BenchFlags& flags,
                                                    const std::vector<v1::Kernel>& kernels) {
  const absl::StatusOr<std::map<std::string, double>> parameters = ParseParameters(flags.parameters);
  if (!parameters.ok()) return parameters.status();
  absl::StatusOr<std::vector<v1::BenchmarkCase>> cases = MakeCases(client, kernels, *parameters, flags.inputs);
  if (!cases.ok()) return cases.status();
  v1::RunBenchmarkRequest request;
  for (v1::BenchmarkCase& one : *cases) *request.add_cases() = std::move(one);
  SetPlan(flags, *request.mutable_plan());
  request.set_name(flags.save);
  request.set_measure_accuracy(!flags.no_accuracy);
  return request;
}

size_t LongestName(const std::vector<v1::Kernel>& kernels) {
  size_t longest = 0;
  for (const v1::Kernel& kernel : kernels) longest = std::max(longest, kernel.name().size());
  return longest;
}

// What is said of a run at its end.
void PrintSummary(const v1::BenchmarkRun& run) {
  std::cerr << "run " << (run.id().empty() ? "not stored" : run.id()) << ": " << CountsText(run) << ", "
            << WholeSeconds(run.seconds()) << " s, machine " << run.fingerprint_hash()
            << (run.unsaved() && !run.id().empty() ? ", not saved" : "") << std::endl;
}

ExitStatus Run(const BenchFlags& flags, const ServerFlags& server, Client& client, const Outputs& outputs,
               const v1::RunBenchmarkRequest& request, size_t name_width) {
  std::ostream& text = flags.json == "-" || flags.csv == "-" ? std::cerr : std::cout;
  Cancellation cancellation;
  Interrupt interrupt(cancellation);
  client.set_cancellation(&cancellation);
  ProgressBar bar;
  BenchmarkTable table(name_width);
  int results = 0;
  const auto print = [&](const std::string& lines) {
    if (lines.empty()) return;
    bar.Clear();
    text << lines << std::flush;
  };
  const OnBenchmark on = {.progress = [&](const v1::BenchmarkProgress& progress) { bar.Show(progress); },
                          .result =
                              [&](const v1::BenchmarkResult& result) {
                                ++results;
                                print(table.Add(result));
                              }};
  const absl::StatusOr<v1::BenchmarkRun> run = client.RunBenchmark(request, on);
  client.set_cancellation(nullptr);
  print(table.Finish());
  bar.Clear();
  if (!run.ok() && absl::IsCancelled(run.status()) && cancellation.cancelled()) {
    Fail(absl::CancelledError(absl::StrCat("interrupted, the server's work is stopped; ", results, " of ",
                                           request.cases_size(), " cases ended, nothing is stored or written")));
    EndInterrupted();
  }
  if (!run.ok()) return Fail(run.status(), server);
  PrintSummary(*run);
  if (run->unsaved()) TellWarnings(client, server);
  if (absl::Status written = WriteOutputs(outputs, *run); !written.ok()) return Fail(written);
  if (!flags.save.empty() && run->unsaved() && server.address.empty()) {
    return Fail(absl::AbortedError("the run cannot be saved, so that --save has no effect"));
  }
  const bool error = std::any_of(run->results().begin(), run->results().end(),
                                 [](const auto& result) { return result.outcome() == v1::OUTCOME_ERROR; });
  return error || run->measured() == 0 ? kFailure : kSuccess;
}

ExitStatus RunBench(const BenchFlags& flags, const ServerFlags& server) {
  if (flags.kernels.names.empty() && !flags.kernels.all) {
    return Fail(absl::InvalidArgumentError("bench needs activations, kernels or --all"));
  }
  const absl::StatusOr<Outputs> outputs = OpenOutputs(flags);
  if (!outputs.ok()) return Fail(outputs.status());
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/!flags.save.empty());
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<std::vector<v1::Kernel>> kernels = SelectKernels(*client, flags.kernels);
  if (!kernels.ok()) return Fail(kernels.status(), server);
  const absl::StatusOr<v1::RunBenchmarkRequest> request = MakeRequest(*client, flags, *kernels);
  if (!request.ok()) return Fail(request.status(), server);
  return Run(flags, server, *client, *outputs, *request, LongestName(*kernels));
}

}  // namespace

void AddBenchCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<BenchFlags>();
  flags->kernels.provider = "all";
  flags->kernels.tier = "all";
  CLI::App* command = app.add_subcommand("bench", "Measure how fast kernels are, beside those of other libraries");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  AddKernelFlags(*command, flags->kernels);
  command->get_option("--all")->excludes(command->get_option("NAMES"));
  command->get_option("--provider")->description("Who wrote them (default: all)");
  command->get_option("--tier")->description("The accuracy classes (default: all)");
  command->get_option("--dtype")->description("f64, f32, f16, bf16 (default: f32)");
  AddParameterFlag(*command, flags->parameters);
  AddBenchmarkInputFlags(*command, flags->inputs);
  command->add_option("--time", flags->seconds, "How long to time each case, at most (default: 2.4)")
      ->type_name("SECONDS")
      ->transform(NumberIn(0.001, 3600.0, "number of seconds from 0.001 to 3600"))
      ->group("Measurement");
  command->add_option("--processes", flags->processes, "How many processes to time it in, at most (default: 16)")
      ->type_name("N")
      ->transform(NumberIn(1, 1000))
      ->group("Measurement");
  command
      ->add_flag("--no_accuracy", flags->no_accuracy,
                 "Do not measure the error of a kernel without a certificate at samples")
      ->group("Measurement");
  command
      ->add_option("--save", flags->save,
                   "A name by which the stored run is found: letters, digits, spaces and any of _-.+@:")
      ->type_name("NAME")
      ->group("Output");
  command->add_option("--json", flags->json, "Write Google Benchmark's JSON; - is standard output")
      ->type_name("FILE")
      ->group("Output");
  command->add_option("--csv", flags->csv, "Write a table for programs; - is standard output")
      ->type_name("FILE")
      ->group("Output");
  command->final_callback([flags, &server, &exit_status] {
    flags->inputs.convert = NamesDtype(flags->kernels);
    exit_status = RunBench(*flags, server);
  });
}

}  // namespace actbench::client
