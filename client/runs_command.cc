// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/benchmark_csv.h"
#include "client/benchmark_json.h"
#include "client/benchmark_table.h"
#include "client/command.h"
#include "client/format.h"
#include "client/output_file.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench runs list
  actbench runs show nightly
  actbench runs export 6f1d2a9c run.json
  actbench runs export nightly run.csv
  actbench runs delete 6f1d2a9c

A run is what one 'actbench bench' measured. RUN is its id, the first characters of it, at least 4, or the name that
'bench --save' gave it: of several with a name the newest. Times of machines whose fingerprints differ are not to be
compared. 'actbench report' makes pages and other formats of a run.)";

// Of runs that were stored before names were checked, what a terminal would take for more than text is escaped.
std::string NameText(const v1::BenchmarkRun& run) { return absl::Utf8SafeCEscape(run.name()); }

struct ListFlags {
  std::string name;
  std::string machine;
};

ExitStatus RunList(const ListFlags& flags, const ServerFlags& server) {
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  v1::ListRunsRequest request;
  request.set_name(flags.name);
  request.set_fingerprint_hash(flags.machine);
  const absl::StatusOr<std::vector<v1::BenchmarkRun>> runs = client->ListAllRuns(request);
  if (!runs.ok()) return Fail(runs.status(), server);
  if (runs->empty()) {
    std::cerr << "no runs are stored" << (flags.name.empty() && flags.machine.empty() ? "" : " that match")
              << "; 'actbench bench' stores each" << std::endl;
    return kSuccess;
  }
  Table table({"run", "time", "name", "measured", "not", "s", "machine", "build", "state"}, {3, 4, 5});
  for (const v1::BenchmarkRun& run : *runs) {
    table.AddRow({run.id(), TimeText(ToTime(run.time())), run.name().empty() ? "-" : NameText(run),
                  absl::StrCat(run.measured()), absl::StrCat(run.unmeasured()), WholeSeconds(run.seconds()),
                  run.fingerprint_hash(), run.build_id(), run.unsaved() ? "unsaved" : "-"});
  }
  std::cout << table.Aligned();
  return kSuccess;
}

ExitStatus RunShow(const std::string& id, const ServerFlags& server) {
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<v1::BenchmarkRun> run = client->GetRun(id);
  if (!run.ok()) return Fail(run.status(), server);
  std::cout << "run        " << run->id() << (run->name().empty() ? "" : absl::StrCat(", ", NameText(*run))) << "\n"
            << "time       " << TimeText(ToTime(run->time())) << ", " << WholeSeconds(run->seconds()) << " s\n"
            << "build      " << run->build().version()
            << (run->build().revision().empty() ? "" : absl::StrCat(", ", run->build().revision())) << ", kernels "
            << run->build_id() << "\n"
            << "plan       " << run->plan().min_processes() << " to " << run->plan().max_processes() << " processes of "
            << run->plan().process_ms() << " ms\n"
            << "machine    " << run->fingerprint_hash() << "\n";
  for (const v1::FingerprintField& field : run->fingerprint()) {
    std::cout << "  " << field.name() << ": " << field.value() << "\n";
  }
  std::cout << "\n" << BenchmarkTableText(*run);
  return kSuccess;
}

ExitStatus RunExport(const std::string& id, const std::string& path, const ServerFlags& server) {
  const bool is_csv = absl::EndsWith(path, ".csv");
  const absl::StatusOr<OutputFile> file = OutputFile::Open(path);
  if (!file.ok()) return Fail(file.status());
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<v1::BenchmarkRun> run = client->GetRun(id);
  if (!run.ok()) return Fail(run.status(), server);
  const absl::Status written = file->WriteAndTell(is_csv ? BenchmarkCsv(*run) : GoogleBenchmarkJson(*run),
                                                  static_cast<size_t>(run->measured()), "case");
  return written.ok() ? kSuccess : Fail(written);
}

void AddList(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = parent.add_subcommand("list", "List the stored ones, newest first");
  command->fallthrough();
  command->add_option("--name", flags->name, "Only of this name")->type_name("NAME");
  command->add_option("--machine", flags->machine, "Only of this fingerprint")->type_name("HASH");
  command->final_callback([flags, &server, &exit_status] { exit_status = RunList(*flags, server); });
}

void AddShow(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("show", "Show one: its results, and what they depend on");
  command->fallthrough();
  command->add_option("RUN", *id, "Its id or name")->required()->type_name("");
  command->final_callback([id, &server, &exit_status] { exit_status = RunShow(*id, server); });
}

void AddExport(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto id = std::make_shared<std::string>();
  auto path = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("export", "Write one to a file: CSV if its name ends in .csv, else JSON");
  command->fallthrough();
  command->add_option("RUN", *id, "Its id or name")->required()->type_name("");
  command->add_option("FILE", *path, "The file, which is written anew; - is standard output")
      ->required()
      ->type_name("");
  command->final_callback([id, path, &server, &exit_status] { exit_status = RunExport(*id, *path, server); });
}

void AddDelete(CLI::App& parent, const ServerFlags& server, int& exit_status) {
  auto ids = std::make_shared<std::vector<std::string>>();
  CLI::App* command = parent.add_subcommand("delete", "Delete runs for good");
  command->fallthrough();
  command->add_option("RUN", *ids, "Their ids or names")->required()->type_name("");
  command->final_callback([ids, &server, &exit_status] { exit_status = DeleteEach(*ids, server, &Client::DeleteRun); });
}

}  // namespace

void AddRunsCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  CLI::App* command = app.add_subcommand("runs", "List, show, export and delete stored benchmark runs");
  command->fallthrough()->group("Commands");
  command->require_subcommand(1);
  command->footer(kNotes);
  AddList(*command, server, exit_status);
  AddShow(*command, server, exit_status);
  AddExport(*command, server, exit_status);
  AddDelete(*command, server, exit_status);
}

}  // namespace actbench::client
