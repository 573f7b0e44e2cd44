// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/eval_input.h"
#include "client/eval_output.h"
#include "client/npy.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench eval hard_swish --values=-4,-3,-1,0,1,3,4
  actbench eval swish --param beta=1.5 --values nan,-inf,0x1.8p-3
  actbench eval gelu_erf --in x.npy --out y.npy --check
  actbench eval gelu_erf --in x.npy --gradient --upstream dy.npy --out dx.npy --dtype bf16

Numbers may be decimal, hexadecimal (0x1.8p-3), inf or nan, and are rounded once, to the dtype; too large ones round to
infinity. Files of different dtypes need --dtype.
Prints the results, of more than 100 elements a summary: min, max and mean are those of the finite elements.
.npy files: C order, <f8 <f4 <f2, and <V2 or |V2 (ml_dtypes) as bf16; - is standard input or output, and what is
printed then goes to stderr.
JSON: {"activation","direction","kernel","device","parameters","dtype","shape":[...],"queue_ns","compute_ns",
  "copy_ns","to_device_ns","from_device_ns","values":[...],"gate_values":[...],
  "error":{"max_ulp","mean_ulp","worst_input","worst_input_bits","checked"}};
  values only up to 1,000 elements, gate_values only with a second output, error only with --check; non-finite
  numbers are the strings "NaN", "Infinity" and "-Infinity". docs/formats.md says what each member means.)";

// The files that the outputs go to: none where they are printed.
using Files = std::array<std::optional<NpyWriter>, 2>;

// A file that goes to stdout has it for itself.
bool WritesStdout(const EvalFlags& flags) { return flags.out == "-" || flags.gate_out == "-"; }

absl::StatusOr<Files> OpenFiles(const EvalFlags& flags) {
  if (flags.json && WritesStdout(flags)) {
    return absl::InvalidArgumentError("--json and an output file that is - both go to standard output");
  }
  if (!flags.out.empty() && flags.out == flags.gate_out) {
    return absl::InvalidArgumentError(absl::StrCat("--out and --gate_out are the same file, ", flags.out));
  }
  Files files;
  size_t next = 0;
  for (const std::string& path : {flags.out, flags.gate_out}) {
    std::optional<NpyWriter>& file = files[next++];
    if (path.empty()) continue;
    absl::StatusOr<NpyWriter> writer = NpyWriter::Open(path);
    if (!writer.ok()) return writer.status();
    file.emplace(*std::move(writer));
  }
  return files;
}

// Writes or prints one output, to `text` if there is one. The label tells two printed ones apart.
absl::Status Deliver(const v1::Tensor& tensor, const TensorView& view, std::optional<NpyWriter>& file,
                     std::ostream* text, const std::string& label) {
  if (file.has_value()) {
    if (absl::Status written = file->Write(tensor); !written.ok()) return written;
    std::cerr << "wrote " << file->path() << ": " << ShapeText(tensor) << ", " << Name(view.dtype()) << "\n";
  } else if (text != nullptr) {
    *text << label << TensorText(tensor, view);
  }
  return absl::OkStatus();
}

// Which kernel ran, and for how long.
std::string TimesText(const v1::EvaluateResult& result) {
  const v1::PhaseTimes& times = result.times();
  const auto duration = [](int64_t ns) { return absl::FormatDuration(absl::Nanoseconds(ns)); };
  std::string text = absl::StrCat(result.kernel().name(), " on ", result.kernel().device(), ": compute ",
                                  duration(times.compute_ns()), ", queue ", duration(times.queue_ns()));
  if (result.kernel().device() != "cpu") {
    absl::StrAppend(&text, ", to the device ", duration(times.to_device_ns()), ", from it ",
                    duration(times.from_device_ns()), ", copies ", duration(times.copy_ns()));
  }
  return text;
}

absl::Status Report(const EvalFlags& flags, const v1::EvaluateResult& result, Files& files) {
  std::vector<TensorView> views;
  for (const v1::Tensor& output : result.outputs()) {
    const absl::StatusOr<TensorView> view = TensorView::Of(output);
    if (!view.ok()) return absl::InternalError(absl::StrCat("the server's output: ", view.status().message()));
    views.push_back(*view);
  }
  if (views.empty()) return absl::InternalError("the server gave no output");
  if (!flags.gate_out.empty() && views.size() == 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--gate_out: ", result.kernel().activation(), " has no second output"));
  }
  if (!flags.json) std::cerr << TimesText(result) << std::endl;
  std::ostream& text = WritesStdout(flags) ? std::cerr : std::cout;
  for (size_t i = 0; i < std::min(views.size(), files.size()); ++i) {
    const std::string label = views.size() == 1 ? "" : (i == 0 ? "dx:\n" : "dgate:\n");
    absl::Status delivered =
        Deliver(result.outputs(static_cast<int>(i)), views[i], files[i], flags.json ? nullptr : &text, label);
    if (!delivered.ok()) return delivered;
  }
  if (flags.json) {
    std::cout << EvalJson(result, views) << "\n";
  } else if (result.has_error()) {
    text << ErrorText(result.error(), FromProto(result.kernel().dtype()).value_or(Dtype::kF64)) << "\n";
  }
  return absl::OkStatus();
}

ExitStatus RunEval(const EvalFlags& flags, const ServerFlags& server) {
  if (!flags.x.given()) return Fail(absl::InvalidArgumentError("eval needs --values or --in"));
  absl::StatusOr<v1::EvaluateItem> item = MakeItem(flags);
  if (!item.ok()) return Fail(item.status());
  // After the inputs have been read: an output may replace one.
  absl::StatusOr<Files> files = OpenFiles(flags);
  if (!files.ok()) return Fail(files.status());
  absl::StatusOr<Client> client = OpenClient(server);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<v1::EvaluateResult> result = client->Evaluate(*std::move(item));
  if (!result.ok()) return Fail(result.status(), server);
  if (absl::Status reported = Report(flags, *result, *files); !reported.ok()) return Fail(reported);
  return kSuccess;
}

// The two ways to give a tensor, one at a time.
std::pair<CLI::Option*, CLI::Option*> AddTensor(CLI::App& command, TensorFlags& flags, const std::string& file_flag,
                                                const std::string& values_flag, const std::string& what) {
  CLI::Option* file =
      command.add_option(file_flag, flags.path, what + ": a file")->type_name("FILE.npy")->group("Input");
  CLI::Option* values = command.add_option(values_flag, flags.values, what + ": numbers")
                            ->type_name("1,2,3")
                            ->group("Input")
                            ->excludes(file);
  return {file, values};
}

void AddInputFlags(CLI::App& command, EvalFlags& flags) {
  command.add_option("ACTIVATION", flags.activation, "Its id or an alias, as 'actbench list --json' has them")
      ->required()
      ->type_name("");
  AddTensor(command, flags.x, "--in", "--values", "x");
  AddTensor(command, flags.gate, "--gate", "--gate_values", "The second input of a gated activation");
  const auto upstream = AddTensor(command, flags.upstream, "--upstream", "--upstream_values",
                                  "dy, the gradient arriving at the output (by default 1 everywhere)");
  AddItemFlags(command, flags, "Compute in and answer in this dtype (default: the file's, else f32)");
  upstream.first->needs(command.get_option("--gradient"));
  upstream.second->needs(command.get_option("--gradient"));
}

}  // namespace

void AddEvalCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = app.add_subcommand("eval", "Evaluate an activation or its gradient");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  AddInputFlags(*command, *flags);
  command->add_option("--out", flags->out, "Write the result instead of printing it")
      ->type_name("FILE.npy")
      ->group("Output");
  command->add_option("--gate_out", flags->gate_out, "The same for the second gradient of a gated activation")
      ->type_name("FILE.npy")
      ->needs("--gradient")
      ->group("Output");
  command->add_flag("--check", flags->check, "Also measure the error against the activation's definition")
      ->group("Output");
  command->add_flag("--json", flags->json, "Print JSON")->group("Output");
  command->final_callback([flags, &server, &exit_status] { exit_status = RunEval(*flags, server); });
}

}  // namespace actbench::client
