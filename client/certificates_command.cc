// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/accuracy_json.h"
#include "client/accuracy_table.h"
#include "client/arguments.h"
#include "client/certificates_file.h"
#include "client/command.h"
#include "client/format.h"
#include "client/input_file.h"
#include "client/output_file.h"
#include "client/timestamp.h"
#include "proto/kernel.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench certificates list
  actbench certificates list sigmoid --dtype f32 --isa avx2
  actbench certificates show 6f1d2a9c --binades
  actbench certificates export all certificates.json
  actbench certificates export 6f1d2a9c - | jq '.[0].report.maxUlp'
  actbench --server localhost:50051 certificates import certificates.json
  actbench certificates delete 6f1d2a9c

A certificate is the stored result of an exhaustive measurement, as 'actbench accuracy' makes by --exhaustive and in 16
bits by default. It is stale where the kernels of the server have been built anew since: then they may have changed. It
is imported where the server did not measure it, and unsaved while the server could not write it down: then it is lost
when the server ends.
An ID is the whole id or the first characters of it, at least 4.
Files hold a JSON array of actbench.v1.Certificate by protobuf's JSON mapping; docs/formats.md has that of show.)";

struct Filter {
  std::string activation;
  std::string direction;
  std::string dtype;
  std::string provider;
  std::string tier;
  std::string isa;
  std::string device;
};

struct ShowFlags {
  std::string id;
  bool json = false;
  bool binades = false;
};

absl::StatusOr<v1::ListCertificatesRequest> MakeRequest(const Filter& filter) {
  v1::ListCertificatesRequest request;
  request.set_activation(filter.activation);
  if (!filter.direction.empty()) {
    const absl::StatusOr<v1::Direction> direction = ParseDirectionFlag(filter.direction, "--direction");
    if (!direction.ok()) return direction.status();
    request.set_direction(*direction);
  }
  if (!filter.dtype.empty()) {
    const absl::StatusOr<v1::Dtype> dtype = ParseDtypeFlag(filter.dtype, "--dtype");
    if (!dtype.ok()) return dtype.status();
    request.set_dtype(*dtype);
  }
  v1::KernelSelector& selector = *request.mutable_selector();
  selector.set_provider(filter.provider);
  selector.set_tier(filter.tier);
  selector.set_isa(filter.isa);
  selector.set_device(filter.device);
  return request;
}

// "beta=1.5, limit=7", or "-".
std::string ParametersCell(const v1::Certificate& certificate) {
  const std::string text =
      ParametersText(certificate.parameters(), ", ", [](double value) { return RoundedDecimal(value, Dtype::kF64); });
  return text.empty() ? "-" : text;
}

// "stale, imported, unsaved", or "-".
std::string StateText(const v1::Certificate& certificate) {
  std::vector<std::string> state;
  if (certificate.stale()) state.emplace_back("stale");
  if (certificate.imported()) state.emplace_back("imported");
  if (certificate.unsaved()) state.emplace_back("unsaved");
  return state.empty() ? "-" : absl::StrJoin(state, ", ");
}

ExitStatus RunList(const Filter& filter, const ServerFlags& server) {
  const absl::StatusOr<v1::ListCertificatesRequest> request = MakeRequest(filter);
  if (!request.ok()) return Fail(request.status());
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<std::vector<v1::Certificate>> list = client->ListAllCertificates(*request);
  if (!list.ok()) return Fail(list.status(), server);
  Table table({"id", "kernel", "device", "parameters", "mode", "max ulp", "misrounded", "time", "state"},
              /*right=*/{5, 6});
  for (const v1::Certificate& certificate : *list) {
    table.AddRow({certificate.id(), certificate.kernel().name(), certificate.kernel().device(),
                  ParametersCell(certificate), ModeText(certificate), MaxUlpText(certificate),
                  GroupedDecimal(certificate.report().misrounded()), TimeText(ToTime(certificate.time())),
                  StateText(certificate)});
  }
  std::cout << table.Aligned();
  return kSuccess;
}

std::string FactsText(const v1::Certificate& certificate) {
  const v1::AccuracyReport& report = certificate.report();
  const v1::BuildInfo& build = certificate.build();
  Table table({"kernel", certificate.kernel().name()});
  table.AddRow({"device", certificate.kernel().device()});
  table.AddRow({"parameters", ParametersCell(certificate)});
  table.AddRow({"mode", ModeText(certificate)});
  table.AddRow({"checked", GroupedDecimal(report.checked())});
  table.AddRow({"max ulp", MaxUlpText(certificate)});
  table.AddRow({"mean ulp", UlpText(report.mean_ulp())});
  table.AddRow({"misrounded", GroupedDecimal(report.misrounded())});
  table.AddRow({"wrong", WrongText(report)});
  table.AddRow({"output hash", report.output_hash()});
  table.AddRow({"decided by", absl::StrCat("f64 ", GroupedDecimal(report.decided_by_f64()), ", pairs ",
                                           GroupedDecimal(report.decided_by_pair()), ", MPFR ",
                                           GroupedDecimal(report.decided_by_mpfr()))});
  table.AddRow({"seconds", SecondsText(certificate)});
  table.AddRow({"time", TimeText(ToTime(certificate.time()))});
  table.AddRow({"build id", absl::StrCat(certificate.build_id(), certificate.stale() ? " (stale)" : "")});
  table.AddRow({"build", absl::StrCat("actbench ", build.version(), " ", build.revision(), ", ", build.compiler())});
  table.AddRow({"machine", absl::StrCat(certificate.machine().cpu_model(), ", ", certificate.machine().cpu_count(),
                                        " processors")});
  table.AddRow({"state", StateText(certificate)});
  table.AddRow({"id", certificate.id()});
  return table.Aligned();
}

ExitStatus RunShow(const ShowFlags& flags, const ServerFlags& server) {
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<v1::Certificate> certificate = client->GetCertificate(flags.id);
  if (!certificate.ok()) return Fail(certificate.status(), server);
  if (flags.json) {
    std::cout << AccuracyJson(*certificate) << "\n";
    return kSuccess;
  }
  std::cout << FactsText(*certificate) << WorstText(*certificate) << SpecialValuesText(*certificate);
  if (flags.binades) std::cout << BinadesText(*certificate);
  return kSuccess;
}

// The certificates of these ids; without ids, or of "all", every one.
absl::StatusOr<std::vector<v1::Certificate>> GetAll(Client& client, std::vector<std::string> ids) {
  if (ids.empty() || (ids.size() == 1 && ids[0] == "all")) {
    ids.clear();
    const absl::StatusOr<std::vector<v1::Certificate>> list = client.ListAllCertificates();
    if (!list.ok()) return list.status();
    for (const v1::Certificate& certificate : *list) ids.push_back(certificate.id());
  }
  std::vector<v1::Certificate> certificates;
  for (const std::string& id : ids) {
    absl::StatusOr<v1::Certificate> certificate = client.GetCertificate(id);
    if (!certificate.ok()) return certificate.status();
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

// The last argument is the file, the others are not: ids are letters and digits alone.
absl::Status CheckExport(const std::vector<std::string>& arguments) {
  constexpr char kFile[] = "a FILE ends in .json, has a / or is -, standard output";
  if (arguments.empty()) return absl::InvalidArgumentError(absl::StrCat("export needs a FILE: ", kFile));
  if (!IsFile(arguments.back())) {
    return absl::InvalidArgumentError(
        absl::StrCat("export needs a FILE after the ids, but \"", arguments.back(), "\" is none: ", kFile));
  }
  const auto file = std::find_if(arguments.begin(), arguments.end() - 1, IsFile);
  if (file == arguments.end() - 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("export takes ids and then one FILE, but \"", *file, "\" is before the last argument: ", kFile));
}

ExitStatus RunExport(std::vector<std::string> arguments, const ServerFlags& server) {
  if (absl::Status good = CheckExport(arguments); !good.ok()) return Fail(good);
  const std::string path = arguments.back();
  arguments.pop_back();
  const absl::StatusOr<OutputFile> file = OutputFile::Open(path);
  if (!file.ok()) return Fail(file.status());
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<std::vector<v1::Certificate>> certificates = GetAll(*client, std::move(arguments));
  if (!certificates.ok()) return Fail(certificates.status(), server);
  const absl::StatusOr<std::string> text = CertificatesJson(*certificates);
  if (!text.ok()) return Fail(text.status());
  const absl::Status written = file->WriteAndTell(*text, certificates->size(), "certificate");
  return written.ok() ? kSuccess : Fail(written);
}

// Imports one that could be read; what is to be told.
absl::StatusOr<std::string> ImportOne(const absl::StatusOr<v1::Certificate>& certificate, Client& client,
                                      const ServerFlags& server) {
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<v1::ImportCertificateResponse> stored = client.ImportCertificate(*certificate);
  if (!stored.ok()) return stored.status();
  if (stored->unsaved()) {
    if (server.address.empty()) return absl::AbortedError("it cannot be saved now, and no server keeps it");
    TellWarnings(client, server);
  }
  return absl::StrCat("imported ", certificate->kernel().name(), " as ", stored->id(),
                      stored->unsaved() ? ", not saved" : "");
}

ExitStatus RunImport(const std::string& path, const ServerFlags& server) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return Fail(text.status());
  const auto certificates = ParseCertificates(*text);
  if (!certificates.ok()) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(path, ": ", certificates.status().message())));
  }
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  ExitStatus exit_status = kSuccess;
  for (size_t i = 0; i < certificates->size(); ++i) {
    const absl::StatusOr<std::string> told = ImportOne((*certificates)[i], *client, server);
    const bool no_state = absl::IsFailedPrecondition(told.status());
    if (!told.ok() && (no_state || EndsAll(told.status()))) return Fail(told.status(), server);
    if (told.ok()) {
      std::cout << *told << std::endl;
    } else {
      exit_status =
          Fail(absl::Status(told.status().code(), absl::StrCat(path, ", certificate ", i + 1, " of ",
                                                               certificates->size(), ": ", told.status().message())));
    }
  }
  return exit_status;
}

void AddList(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto filter = std::make_shared<Filter>();
  CLI::App* command = parent.add_subcommand("list", "List the stored ones, newest first");
  command->fallthrough();
  command->add_option("ACTIVATION", filter->activation, "Only of this one")->type_name("");
  const auto add_filter = [&](const char* flag, std::string& target, const char* help) {
    command->add_option(flag, target, help)->type_name("NAME");
  };
  add_filter("--direction", filter->direction, "Only of forward or gradient");
  add_filter("--dtype", filter->dtype, "Only of this dtype");
  add_filter("--provider", filter->provider, "Only of kernels of this provider");
  add_filter("--tier", filter->tier, "Only of this accuracy class");
  add_filter("--isa", filter->isa, "Only of this instruction set");
  add_filter("--device", filter->device, "Only of this device");
  command->final_callback([filter, &server, &exit_status] { exit_status = RunList(*filter, server); });
}

void AddShow(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* command = parent.add_subcommand("show", "Show one: what was measured, the worst inputs, special values");
  command->fallthrough();
  command->add_option("ID", flags->id, "Its id, as list has it")->required()->type_name("");
  command->add_flag("--json", flags->json, "Print JSON, as 'actbench accuracy --json' does");
  command->add_flag(
      "--binades", flags->binades,
      "Also print the errors by sign and exponent of x; a..b is all from a to b, whose errors print alike");
  command->final_callback([flags, &server, &exit_status] { exit_status = RunShow(*flags, server); });
}

void AddExport(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto arguments = std::make_shared<std::vector<std::string>>();
  CLI::App* command = parent.add_subcommand("export", "Write certificates to a file");
  command->fallthrough();
  command
      ->add_option("ARGUMENTS", *arguments,
                   "[ID...|all] FILE: the ids (default: all), then the file, which is written anew: its name ends in "
                   ".json or has a /; - is standard output")
      ->type_name("");
  command->final_callback([arguments, &server, &exit_status] { exit_status = RunExport(*arguments, server); });
}

void AddImport(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("import", "Store the certificates of a file");
  command->fallthrough();
  command->add_option("FILE", *path, "What export wrote; - is standard input")->required()->type_name("");
  command->final_callback([path, &server, &exit_status] { exit_status = RunImport(*path, server); });
}

void AddDelete(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto ids = std::make_shared<std::vector<std::string>>();
  CLI::App* command = parent.add_subcommand(
      "delete", "Delete certificates for good; the server's metrics follow later (docs/metrics.md)");
  command->fallthrough();
  command->add_option("ID", *ids, "Their ids, as list has them")->required()->type_name("");
  command->final_callback(
      [ids, &server, &exit_status] { exit_status = DeleteEach(*ids, server, &Client::DeleteCertificate); });
}

}  // namespace

void AddCertificatesCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  CLI::App* command =
      app.add_subcommand("certificates", "List, show, export, import and delete stored accuracy certificates");
  command->fallthrough()->group("Commands");
  command->require_subcommand(1);
  command->footer(kNotes);
  AddList(*command, server, exit_status);
  AddShow(*command, server, exit_status);
  AddExport(*command, server, exit_status);
  AddImport(*command, server, exit_status);
  AddDelete(*command, server, exit_status);
}

}  // namespace actbench::client
