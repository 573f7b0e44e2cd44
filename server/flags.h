// SPDX-License-Identifier: Apache-2.0
// The command line of actbench-server.
#ifndef ACTBENCH_SERVER_FLAGS_H_
#define ACTBENCH_SERVER_FLAGS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/log.h"
#include "server/server.h"

namespace actbench {

struct Flags {
  ServerOptions server;
  absl::Duration drain_timeout = absl::Seconds(30);
  std::string log_level = "info";
  LogFormat log_format = LogFormat::kText;
  std::map<std::string, std::string> variables = {};  // of flags whose value came from the environment: its name
};

// Reads the command line and the environment (ACTBENCH_ADDRESS for --address and so on; the command line wins). After
// --help, --version or a mistake, which it has printed, `exit_status` is set: 0, or 2 for a mistake.
Flags ParseFlags(int argc, const char* const* argv, std::optional<int>& exit_status);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_FLAGS_H_
