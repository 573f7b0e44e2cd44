// SPDX-License-Identifier: Apache-2.0
// The `actbench` command.
#include <grpc/support/log.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/watched_output.h"
#include "proto/address.h"
#include "proto/program.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] =
    R"(Without --server and ACTBENCH_SERVER the command does its work itself: nothing needs to run.
Certificates and runs are then kept in $ACTBENCH_STATE_DIR, by default ~/.local/state/actbench. Benchmarks of a machine
take turns by the lock file $ACTBENCH_LEASE_FILE, by default /tmp/actbench.lease.
Results go to stdout, everything else to stderr. Exit status: 0 success, 1 the answer is "no", 2 wrong usage or
infrastructure, 3 the measurement cannot be trusted (health has its own).

Examples:
  actbench list
  actbench eval hard_swish --values=-4,-3,-1,0,1,3,4
  actbench eval gelu_erf --in x.npy --out y.npy --check
  actbench accuracy sigmoid tanh --exhaustive
  actbench bench sigmoid tanh
  actbench compare base.so head.so
  actbench study --quick --html study.html
  actbench --server localhost:50051 load --rate 100,1000
  actbench --server localhost:50051 health

'actbench COMMAND --help' explains a command.)";

// What is wrong with an address, or nothing. gRPC itself would take "host" for port 443 and a URL for a host name.
std::string CheckServer(const std::string& address) {
  if (const absl::Status form = CheckForm(address); !form.ok()) return std::string(form.message());
  const bool none = !IsUnixAddress(address) && ParseHostPort(address)->port == 0;
  return none ? "\"" + address + "\": no server has port 0" : "";
}

// What a script left empty is a mistake, not a wish: "--upstream '$DY'" must not mean the default.
void RefuseEmptyValues(CLI::App& app) {
  const auto check = [](const std::string& text) { return text.empty() ? "must not be empty" : ""; };
  for (CLI::Option* option : app.get_options()) option->check(check);
  for (CLI::App* command : app.get_subcommands({})) RefuseEmptyValues(*command);
}

void AddPluginFlag(CLI::App& app, ServerFlags& server) {
  app.add_option(
         "--plugin", server.plugins,
         "Without --server: add the kernels of a plug-in, under its own name or NAME (docs/plugins.md); several: "
         "again, or with commas")
      ->type_name("[NAME=]FILE")
      ->envname("ACTBENCH_PLUGIN")
      ->delimiter(',')
      ->allow_extra_args(false);
  // Also of what comes from the environment.
  app.parse_complete_callback([&server] {
    if (server.plugins.empty() || server.address.empty()) return;
    throw CLI::ValidationError("--plugin", "kernels are added to this process, but the server at " + server.address +
                                               " does the work; start that with --plugin, or give no --server");
  });
}

// Tells a mistake in one line. `arguments` are those of the command line.
void PrintMistake(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const std::string description = DescribeMistake(app, error, arguments);
  const auto commands = app.get_subcommands();
  const std::string subject = description.substr(0, description.find(':'));
  const bool global = app.get_option_no_throw(subject) != nullptr;  // found by its variable too
  std::cerr << "actbench: " << description << "; see 'actbench "
            << (commands.empty() || global ? "" : commands.front()->get_name() + " ") << "--help'" << std::endl;
}

// `exit_status`, unless what was printed did not arrive.
int Finish(int exit_status, const WatchedOutput& output) {
  return std::cout.flush() ? exit_status : Fail(absl::ErrnoToStatus(output.error(), "cannot write to standard output"));
}

int Main(int argc, char** argv) {
  const WatchedOutput output(std::cout);
  CLI::App app("Evaluates neural-network activation functions, and measures how accurate and how fast they are.",
               "actbench");
  app.set_version_flag("--version", "actbench " ACTBENCH_VERSION);
  app.require_subcommand(1);
  app.footer(kNotes);
  app.get_formatter()->column_width(36);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  ServerFlags server;
  app.add_option("--server", server.address, "The server to ask")
      ->type_name("HOST:PORT|unix:PATH")
      ->envname("ACTBENCH_SERVER")
      ->check(CheckServer);
  app.add_option("--timeout", server.timeout_seconds,
                 "Give up after so long (by default connecting takes at most 5 s, and work as long as it needs)")
      ->type_name("SECONDS")
      ->envname("ACTBENCH_TIMEOUT")
      ->transform(NumberIn(std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max(),
                           "number of seconds above 0"));
  AddPluginFlag(app, server);
  int exit_status = kFailure;
  AddListCommand(app, server, exit_status);
  AddEvalCommand(app, server, exit_status);
  AddLoadCommand(app, server, exit_status);
  AddAccuracyCommand(app, server, exit_status);
  AddCertificatesCommand(app, server, exit_status);
  AddBenchCommand(app, server, exit_status);
  AddCompareCommand(app, server, exit_status);
  AddRunsCommand(app, server, exit_status);
  AddReportCommand(app, server, exit_status);
  AddStudyCommand(app, server, exit_status);
  const CLI::App* health = AddHealthCommand(app, server, exit_status);
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer(command->get_footer() + "\n\n--server and --timeout, for all commands: 'actbench --help'.");
  }
  RefuseEmptyValues(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return Finish(app.exit(error), output);  // prints help or version
    if (AsksForHelp(app)) return Finish(app.exit(CLI::CallForHelp()), output);
    PrintMistake(app, error, {argv + 1, argv + argc});
    return app.got_subcommand(health) ? 1 : kFailure;
  }
  return Finish(exit_status, output);
}

}  // namespace
}  // namespace actbench::client

int main(int argc, char** argv) {
  actbench::KeepStandardDescriptors();
  // An error is one line, ours. GRPC_VERBOSITY is how one asks gRPC for its own.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  try {
    return actbench::client::Main(argc, argv);
  } catch (const std::exception& error) {  // such as std::bad_alloc for a tensor that does not fit into memory
    std::cerr << "actbench: " << error.what() << std::endl;
    return actbench::client::kFailure;
  }
}
