// SPDX-License-Identifier: Apache-2.0
#include "client/in_process.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "server/server.h"
#include "server/state_db.h"

namespace actbench::client {
namespace {

// Where actbench-server would keep its state, so that both find the same certificates.
std::string StateDir() {
  const char* const given = std::getenv("ACTBENCH_STATE_DIR");
  const std::string directory = given == nullptr || *given == '\0' ? DefaultStateDir() : given;
  return directory == "none" ? "" : directory;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> StartInProcessServer(const std::vector<std::string>& plugins) {
  ServerOptions options;
  options.address.clear();
  options.metrics_address.clear();
  options.state_dir = StateDir();
  options.plugins = plugins;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options);
  if (!server.ok()) return server.status();

  // Members are destroyed from last to first, so the channel closes before the server stops.
  struct Parts {
    std::unique_ptr<Server> server;
    std::shared_ptr<grpc::Channel> channel;
  };
  auto parts = std::make_shared<Parts>(Parts{*std::move(server), nullptr});
  parts->channel = parts->server->InProcessChannel();
  grpc::Channel* const channel = parts->channel.get();
  return std::shared_ptr<grpc::Channel>(std::move(parts), channel);
}

}  // namespace actbench::client
