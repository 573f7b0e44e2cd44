// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <string>

#include "client/command.h"

namespace actbench::client {
namespace {

// Those of grpc_health_probe, so that either program fits where the other is expected. 1 is a usage error.
enum HealthStatus { kServing = 0, kNoConnection = 2, kRpcFailure = 3, kNotServing = 4 };

constexpr char kNotes[] =
    R"(Exit status: 0 serving, 1 wrong usage, 2 no connection, 3 the call failed (also: no such service), 4 not serving.

Examples:
  actbench --server localhost:50051 health
  actbench --server localhost:50051 --timeout 1 health --service actbench.v1.EvaluationService)";

HealthStatus RunHealth(const std::string& service, const ServerFlags& server) {
  if (server.address.empty()) {
    std::cerr << "actbench: without --server this asks the server inside this process, which always serves\n";
  }
  absl::StatusOr<Client> client = OpenClient(server);
  if (!client.ok()) {
    Fail(client.status());
    return kNoConnection;
  }
  const absl::StatusOr<bool> serving = client->IsServing(service);
  if (!serving.ok()) {
    if (absl::IsNotFound(serving.status())) {
      Fail(absl::NotFoundError("the server knows no service \"" + service + "\""));
    } else {
      Fail(serving.status(), server);
    }
    return kRpcFailure;
  }
  std::cout << (*serving ? "SERVING" : "NOT_SERVING") << "\n";
  return *serving ? kServing : kNotServing;
}

}  // namespace

CLI::App* AddHealthCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto service = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("health", "Ask whether the server is serving (grpc.health.v1)");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  command->add_option("--service", *service, "The service to ask about; without it the whole server")
      ->type_name("NAME");
  command->final_callback([service, &server, &exit_status] { exit_status = RunHealth(*service, server); });
  return command;
}

}  // namespace actbench::client
