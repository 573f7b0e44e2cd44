// SPDX-License-Identifier: Apache-2.0
#include "client/in_process.h"

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
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

// Prints each warning once, however many servers this process starts.
void WarnOnce(const std::string& warning) {
  static absl::Mutex mutex;
  static std::set<std::string>* const told = new std::set<std::string>();
  const absl::MutexLock lock(&mutex);
  if (told->insert(warning).second) std::cerr << "actbench: warning: " << warning << std::endl;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> StartInProcessServer(const std::vector<std::string>& plugins,
                                                                    bool asks_state) {
  ServerOptions options;
  // While the server starts what is wrong is that the state cannot be used at all, or not be written.
  const auto starting = std::make_shared<std::atomic<bool>>(true);
  options.on_state_warning = [asks_state, starting](const std::string& warning) {
    if (!asks_state || !*starting) WarnOnce(warning);
  };
  options.address.clear();
  options.metrics_address.clear();
  options.state_dir = StateDir();
  options.plugins = plugins;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options);
  if (!server.ok()) return server.status();
  *starting = false;

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
