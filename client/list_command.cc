// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/command.h"
#include "client/format.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

struct ListFlags {
  bool kernels = false;
  bool json = false;
  bool markdown = false;
};

constexpr char kExamples[] = R"(Examples:
  actbench list                      the activations, with their parameters
  actbench list --json | jq -r '.[].name'
  actbench list --kernels            what can run here: dtypes, tiers, instruction sets
  actbench list --markdown           the activations as a table for a README

JSON: an array of
  {"name","summary","source",
   "parameters":[{"name","default","description","min","max","excludes_zero","at_most"}],"inputs","aliases":[...]}
and with --kernels of
  {"name","activation","direction","dtype","provider","tier","device","isa"}
docs/formats.md says what each member means.)";

std::string ActivationJson(const v1::Activation& activation) {
  std::vector<std::string> parameters;
  for (const v1::Parameter& parameter : activation.parameters()) {
    parameters.push_back(JsonObject({{"name", JsonString(parameter.name())},
                                     {"default", JsonNumber(parameter.default_value())},
                                     {"description", JsonString(parameter.description())},
                                     {"min", JsonNumber(parameter.min_value())},
                                     {"max", JsonNumber(parameter.max_value())},
                                     {"excludes_zero", JsonBoolean(parameter.excludes_zero())},
                                     {"at_most", JsonString(parameter.at_most())}}));
  }
  std::vector<std::string> aliases;
  for (const std::string& alias : activation.aliases()) aliases.push_back(JsonString(alias));
  return JsonObject({{"name", JsonString(activation.name())},
                     {"summary", JsonString(activation.summary())},
                     {"source", JsonString(activation.source())},
                     {"parameters", JsonArray(parameters)},
                     {"inputs", absl::StrCat(activation.input_count())},
                     {"aliases", JsonArray(aliases)}});
}

std::string KernelJson(const v1::Kernel& kernel) {
  return JsonObject({{"name", JsonString(kernel.name())},
                     {"activation", JsonString(kernel.activation())},
                     {"direction", JsonString(DirectionName(kernel.direction()))},
                     {"dtype", JsonString(DtypeText(kernel.dtype()))},
                     {"provider", JsonString(kernel.provider())},
                     {"tier", JsonString(kernel.tier())},
                     {"device", JsonString(kernel.device())},
                     {"isa", JsonString(kernel.isa())}});
}

std::string Inputs(const v1::Activation& activation) { return activation.input_count() == 2 ? "x, gate" : "x"; }

std::string Parameters(const v1::Activation& activation) {
  return absl::StrJoin(activation.parameters(), ", ", [](std::string* out, const v1::Parameter& parameter) {
    absl::StrAppend(out, parameter.name(), "=", RoundedDecimal(parameter.default_value(), Dtype::kF64));
    if (!parameter.range().empty()) absl::StrAppend(out, " (", parameter.range(), ")");
  });
}

// For a terminal; sources and aliases would make the lines too long.
std::string AlignedText(const v1::ListActivationsResponse& list) {
  Table table({"activation", "inputs", "parameters", "what it is"});
  for (const v1::Activation& activation : list.activations()) {
    table.AddRow({activation.name(), Inputs(activation), Parameters(activation), activation.summary()});
  }
  return table.Aligned();
}

std::string MarkdownText(const v1::ListActivationsResponse& list) {
  Table table({"activation", "inputs", "parameters", "what it is", "source", "also called"});
  for (const v1::Activation& activation : list.activations()) {
    table.AddRow({activation.name(), Inputs(activation), Parameters(activation), activation.summary(),
                  activation.source(), absl::StrJoin(activation.aliases(), ", ")});
  }
  return table.Markdown();
}

std::string ActivationsText(const v1::ListActivationsResponse& list, const ListFlags& flags) {
  if (flags.markdown) return MarkdownText(list);
  if (!flags.json) return AlignedText(list);
  std::vector<std::string> elements;
  for (const v1::Activation& activation : list.activations()) elements.push_back(ActivationJson(activation));
  return JsonLines(elements) + "\n";
}

std::string KernelsText(const v1::ListKernelsResponse& list, const ListFlags& flags) {
  Table table({"kernel", "device"});
  std::vector<std::string> elements;
  for (const v1::Kernel& kernel : list.kernels()) {
    table.AddRow({kernel.name(), kernel.device()});
    elements.push_back(KernelJson(kernel));
  }
  if (flags.json) return JsonLines(elements) + "\n";
  return flags.markdown ? table.Markdown() : table.Aligned();
}

// Such as that kernels of a plug-in are left out, and why.
void PrintWarnings(Client& client) {
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return;
  for (const std::string& warning : info->warnings()) std::cerr << "actbench: warning: " << warning << "\n";
}

int RunList(const ListFlags& flags, const ServerFlags& server) {
  absl::StatusOr<Client> client = OpenClient(server);
  if (!client.ok()) return Fail(client.status());
  if (flags.kernels) {
    const absl::StatusOr<v1::ListKernelsResponse> list = client->ListKernels();
    if (!list.ok()) return Fail(list.status(), server);
    std::cout << KernelsText(*list, flags);
    PrintWarnings(*client);
    return kSuccess;
  }
  const absl::StatusOr<v1::ListActivationsResponse> list = client->ListActivations();
  if (!list.ok()) return Fail(list.status(), server);
  std::cout << ActivationsText(*list, flags);
  return kSuccess;
}

}  // namespace

void AddListCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = app.add_subcommand("list", "List activations, or the kernels that compute them");
  command->fallthrough()->group("Commands");
  command->footer(kExamples);
  command->add_flag("--kernels", flags->kernels, "List the kernels that the server's machine can run");
  CLI::Option* json = command->add_flag("--json", flags->json, "Print JSON");
  command->add_flag("--markdown", flags->markdown, "Print a Markdown table")->excludes(json);
  command->final_callback([flags, &server, &exit_status] { exit_status = RunList(*flags, server); });
}

}  // namespace actbench::client
