// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/accuracy_inputs.h"
#include "client/accuracy_json.h"
#include "client/accuracy_plot.h"
#include "client/accuracy_run.h"
#include "client/accuracy_table.h"
#include "client/arguments.h"
#include "client/command.h"
#include "client/format.h"
#include "client/kernel_selection.h"
#include "client/output_file.h"
#include "proto/tensor.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench accuracy sigmoid
  actbench accuracy sigmoid tanh silu --exhaustive --isa all --json errors.json
  actbench accuracy --all --dtype f16,bf16 --direction all --limit 0.51
  actbench accuracy tanh --dtype f16 --direction gradient --exhaustive  (every x with every dy: seconds to half a minute)
  actbench accuracy tanh --dtype f16 --direction gradient --exhaustive --unit_upstream  (dy = 1 alone, as by default)
  actbench accuracy --all --dtype all --tier all --direction all --unit_upstream --claims  (does each keep its claim?)
  actbench accuracy gelu_erf --in x.npy --plot gelu.svg
  actbench accuracy sigmoid/forward/f32/actbench/fast/scalar --exhaustive --binades --special
  actbench accuracy --compare tanh/forward/f32/actbench/fast/avx2 tanh/forward/f32/actbench/fast/scalar

Each name of a list has to be that of a kernel here, together with each of the other lists; "all" takes what there is.
Errors are in ulp (units in the last place) of the exact result. An exhaustive measurement has the maximum, any other a
lower bound of it, shown with ">=". "misrounded" counts results other than the correctly rounded one, "wrong" NaNs,
infinities, zeros and signs that are wrong, and falls: adjacent inputs where the result falls though the correctly
rounded one does not. The hash is of all output bits: equal ones on the same inputs mean equal bits.
Without --exhaustive, --samples and --in the server's stored certificate is shown, if it has one of this kernel as it is.
Otherwise all inputs in 16 bits are measured, which takes milliseconds, with dy = 1 in gradients; in f32 and f64 samples.
Gated activations have pairs of inputs: samples also in 16 bits. The column "mode" says which of these it was;
docs/accuracy.md explains them.
The server stores every exhaustive measurement, also those in 16 bits by default: see 'actbench certificates --help'.
Ctrl-C stops the server's work too, and the command ends as by the signal: status 130 in a shell.
docs/formats.md has the JSON.)";

struct AccuracyFlags {
  KernelFlags kernels;
  InputFlags inputs;
  std::vector<std::string> compare;  // two kernels, or none
  std::vector<std::string> parameters;
  bool binades = false;
  bool special = false;
  std::string json;
  std::string plot;
  std::optional<double> limit;
  bool claims = false;
};

struct Outputs {
  std::optional<OutputFile> json;
  std::optional<OutputFile> plot;
};

absl::Status CheckFlags(const AccuracyFlags& flags) {
  const KernelFlags& kernels = flags.kernels;
  if (kernels.names.empty() && !kernels.all && flags.compare.empty()) {
    return absl::InvalidArgumentError("accuracy needs activations, kernels, --all or --compare");
  }
  if (!flags.compare.empty() && (kernels.all || !kernels.names.empty())) {
    return absl::InvalidArgumentError("--compare takes two kernels and no others");
  }
  return absl::OkStatus();
}

absl::StatusOr<Outputs> OpenOutputs(const AccuracyFlags& flags) {
  auto files = OpenOutputFiles({{"--json", flags.json}, {"--plot", flags.plot}});
  if (!files.ok()) return files.status();
  return Outputs{std::move((*files)[0]), std::move((*files)[1])};
}

// Prints and writes what is asked for beyond the table.
absl::Status Deliver(const AccuracyFlags& flags, const Outputs& outputs, const AccuracyOutcome& outcome,
                     std::ostream& text) {
  for (const v1::Certificate& certificate : outcome.certificates) {
    if (flags.binades) text << BinadesText(certificate);
    if (flags.special) text << SpecialValuesText(certificate);
  }
  if (outcome.comparison.has_value()) text << ComparisonText(*outcome.comparison);
  // Where the server went away or nothing was measured, what was in the files is worth more.
  if (outcome.ended || outcome.certificates.empty()) return absl::OkStatus();
  if (outputs.json.has_value()) {
    const std::string json =
        outcome.comparison.has_value() ? ComparisonJson(*outcome.comparison) : AccuracyJson(outcome.certificates);
    absl::Status written = outputs.json->WriteAndTell(json, outcome.certificates.size(), "kernel");
    if (!written.ok()) return written;
  }
  if (!outputs.plot.has_value()) return absl::OkStatus();
  return outputs.plot->WriteAndTell(AccuracyPlot(outcome.certificates), outcome.certificates.size(), "kernel");
}

ExitStatus CheckLimit(const AccuracyOutcome& outcome, double limit) {
  ExitStatus status = kSuccess;
  for (const v1::Certificate& certificate : outcome.certificates) {
    if (!(certificate.report().max_ulp() > limit)) continue;
    std::cerr << "actbench: " << certificate.kernel().name() << ": " << MaxUlpText(certificate)
              << " ulp is over the limit of " << RoundedDecimal(limit, Dtype::kF64) << " ulp" << std::endl;
    status = kAnswerIsNo;
  }
  return status;
}

// Where nothing is claimed nothing is missed.
ExitStatus CheckClaims(const AccuracyOutcome& outcome) {
  ExitStatus status = kSuccess;
  for (const v1::Certificate& certificate : outcome.certificates) {
    const v1::Claim& claim = certificate.claim();
    if (!certificate.has_claim()) {
      std::cerr << "actbench: " << certificate.kernel().name() << " claims nothing of these inputs" << std::endl;
    } else if (!claim.kept()) {
      std::cerr << "actbench: " << certificate.kernel().name() << " misses its claim: " << MaxUlpText(certificate)
                << " ulp, " << GroupedDecimal(certificate.report().misrounded()) << " misrounded; it claims "
                << RoundedDecimal(claim.max_ulp(), Dtype::kF64) << " ulp"
                << (claim.correctly_rounded() ? ", 0 misrounded" : "") << std::endl;
      status = kAnswerIsNo;
    }
  }
  return status;
}

// The two kernels of --compare. They have to be of one activation, direction and dtype.
absl::StatusOr<std::vector<v1::Kernel>> SelectTwo(Client& client, const std::vector<std::string>& names) {
  std::vector<v1::Kernel> kernels;
  for (const std::string& name : names) {
    if (absl::Status form = CheckKernelName(name); !form.ok()) return form;
    KernelFlags flags;
    flags.names = {name};
    const absl::StatusOr<std::vector<v1::Kernel>> selection = SelectKernels(client, flags);
    if (!selection.ok()) return selection.status();
    kernels.push_back(selection->front());
  }
  if (kernels[0].activation() != kernels[1].activation() || kernels[0].direction() != kernels[1].direction() ||
      kernels[0].dtype() != kernels[1].dtype()) {
    return absl::InvalidArgumentError(absl::StrCat("--compare needs kernels of one activation, direction and dtype; ",
                                                   absl::StrJoin(names, " and "), " are not"));
  }
  return kernels;
}

// From the kernels that nobody named those of which the flags ask too much.
absl::Status LeaveOutPairs(Client& client, const AccuracyInputs& inputs, std::vector<v1::Kernel>& kernels) {
  const absl::StatusOr<v1::ListActivationsResponse> list = client.ListActivations();
  if (!list.ok()) return list.status();
  std::map<std::string, int> input_counts;
  for (const v1::Activation& activation : list->activations()) {
    input_counts[activation.name()] = activation.input_count();
  }
  const size_t left_out = std::erase_if(kernels, [&](const v1::Kernel& kernel) {
    return inputs.AskTooMuch(kernel.direction(), kernel.dtype(), input_counts[kernel.activation()]);
  });
  if (left_out > 0) {
    std::cerr << "left out: " << left_out << " kernels of gated activations, which have more than 2^32 inputs"
              << std::endl;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Kernel>> Select(Client& client, AccuracyFlags flags, const AccuracyInputs& inputs) {
  if (!flags.compare.empty()) return SelectTwo(client, flags.compare);
  if (flags.kernels.dtype.empty()) {
    flags.kernels.dtype = inputs.dtype().has_value() ? DtypeText(*inputs.dtype()) : "f32";
  }
  absl::StatusOr<std::vector<v1::Kernel>> selection = SelectKernels(client, flags.kernels);
  if (!selection.ok()) return selection.status();
  if (flags.kernels.all && flags.inputs.exhaustive) {
    if (absl::Status status = LeaveOutPairs(client, inputs, *selection); !status.ok()) return status;
  }
  const bool gradient = std::any_of(selection->begin(), selection->end(),
                                    [](const auto& kernel) { return kernel.direction() == v1::DIRECTION_GRADIENT; });
  if (!flags.inputs.upstream.empty() && !gradient) {
    return absl::InvalidArgumentError("--upstream is for gradients: add --direction gradient");
  }
  return selection;
}

ExitStatus RunAccuracy(const AccuracyFlags& flags, const ServerFlags& server) {
  if (absl::Status good = CheckFlags(flags); !good.ok()) return Fail(good);
  const absl::StatusOr<std::map<std::string, double>> parameters = ParseParameters(flags.parameters);
  if (!parameters.ok()) return Fail(parameters.status());
  const absl::StatusOr<AccuracyInputs> inputs = AccuracyInputs::Load(flags.inputs);
  if (!inputs.ok()) return Fail(inputs.status());
  const absl::StatusOr<Outputs> outputs = OpenOutputs(flags);
  if (!outputs.ok()) return Fail(outputs.status());
  absl::StatusOr<Client> client = OpenClient(server);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<std::vector<v1::Kernel>> kernels = Select(*client, flags, *inputs);
  if (!kernels.ok()) return Fail(kernels.status(), server);

  // A file that goes to stdout has it for itself.
  std::ostream& text = flags.json == "-" || flags.plot == "-" ? std::cerr : std::cout;
  const bool only_table = flags.json.empty() && flags.plot.empty();
  const AccuracyRun run = {*client, server, *parameters, *inputs, !flags.inputs.given(), text, only_table};
  const AccuracyOutcome outcome =
      flags.compare.empty() ? MeasureKernels(run, *kernels) : CompareKernels(run, (*kernels)[0], (*kernels)[1]);
  const auto& certificates = outcome.certificates;
  const bool unsaved = std::any_of(certificates.begin(), certificates.end(), [](const auto& c) { return c.unsaved(); });
  if (unsaved) TellWarnings(*client, server);
  if (absl::Status delivered = Deliver(flags, *outputs, outcome, text); !delivered.ok()) return Fail(delivered);
  const ExitStatus within = flags.limit.has_value() ? CheckLimit(outcome, *flags.limit) : kSuccess;
  const ExitStatus kept = flags.claims ? CheckClaims(outcome) : kSuccess;
  return outcome.failed ? kFailure : std::max(within, kept);
}

void AddOutputFlags(CLI::App& command, AccuracyFlags& flags) {
  command
      .add_flag("--binades", flags.binades,
                "Also print the errors by sign and exponent of x; a..b is all from a to b, whose errors print alike")
      ->group("Output");
  command.add_flag("--special", flags.special, "Also print zeros, infinities, NaN, subnormal numbers and kinks")
      ->group("Output");
  command.add_option("--json", flags.json, "Write JSON; - is standard output, and the table then goes to stderr")
      ->type_name("FILE")
      ->group("Output");
  command.add_option("--plot", flags.plot, "Draw the maximum error over x")->type_name("FILE.svg")->group("Output");
  command.add_option("--limit", flags.limit, "Exit status 1 if a maximum error is larger")
      ->type_name("ULP")
      ->transform(NumberIn(0.0, std::numeric_limits<double>::infinity(), "number of ulp, 0 or more"))
      ->group("Output");
  command.add_flag("--claims", flags.claims, "Exit status 1 if a kernel misses what it claims (docs/accuracy.md)")
      ->group("Output");
}

}  // namespace

void AddAccuracyCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<AccuracyFlags>();
  flags->kernels.dtype.clear();
  CLI::App* command = app.add_subcommand("accuracy", "Measure how accurate kernels are, over every input");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  AddKernelFlags(*command, flags->kernels);
  CLI::Option* compare =
      command->add_option("--compare", flags->compare, "Where two kernels, by full name, differ, and both errors there")
          ->type_name("KERNEL KERNEL")
          ->expected(2);
  for (const char* flag : {"--direction", "--dtype", "--provider", "--tier", "--isa"}) {
    compare->excludes(command->get_option(flag));
  }
  command->get_option("--all")->excludes(command->get_option("NAMES"));
  AddParameterFlag(*command, flags->parameters);
  AddInputFlags(*command, flags->inputs);
  AddOutputFlags(*command, *flags);
  command->final_callback([flags, &server, &exit_status] {
    flags->inputs.convert = NamesDtype(flags->kernels) || !flags->compare.empty();
    exit_status = RunAccuracy(*flags, server);
  });
}

}  // namespace actbench::client
