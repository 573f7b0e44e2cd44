// SPDX-License-Identifier: Apache-2.0
// What all commands share: which server to talk to, and how an error is told.
#ifndef ACTBENCH_CLIENT_SESSION_H_
#define ACTBENCH_CLIENT_SESSION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client.h"

namespace actbench::client {

// The exit status of every command but health.
enum ExitStatus { kSuccess = 0, kAnswerIsNo = 1, kFailure = 2, kUntrusted = 3 };

// The flags before the command.
struct ServerFlags {
  std::string address;                    // empty: a server inside this process
  double timeout_seconds = 0;             // of connecting, and of each piece of work; 0: none
  std::vector<std::string> plugins = {};  // of the server inside this process: [NAME=]FILE
};

// A client of the server that the flags name, connected. UNAVAILABLE says what to do. A server inside this process that
// cannot use its state says so on stderr, unless the caller `asks_state` alone, and so has an error.
absl::StatusOr<Client> OpenClient(const ServerFlags& flags, bool asks_state = false);

// Where something is unsaved: prints the warnings of a server elsewhere. One inside this process has told them.
void TellWarnings(Client& client, const ServerFlags& flags);

// Prints the error of a call in one line on stderr, with flags in place of the request's fields, and returns kFailure.
ExitStatus Fail(const absl::Status& status, const ServerFlags& flags);

// Whether all other calls would fail as the one with this error has.
bool EndsAll(const absl::Status& error);

// As Fail above, for an error that is not from a call.
ExitStatus Fail(const absl::Status& status);

// Deletes what is stored under each of these by a method of the client, which gives its whole id, and tells of each.
ExitStatus DeleteEach(const std::vector<std::string>& ids, const ServerFlags& server,
                      absl::StatusOr<std::string> (Client::*method)(const std::string&));

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_SESSION_H_
