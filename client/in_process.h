// SPDX-License-Identifier: Apache-2.0
// A server inside this process. The implementation is the one place where client/ uses the server library.
#ifndef ACTBENCH_CLIENT_IN_PROCESS_H_
#define ACTBENCH_CLIENT_IN_PROCESS_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace actbench::client {

// Starts a server without a listener, with these plug-ins, and gives the channel to it. Its state is where
// actbench-server's would be; what is wrong with that is told on stderr, unless the caller `asks_state` for what it
// keeps, and so has an error. The server stops when the channel is destroyed.
absl::StatusOr<std::shared_ptr<grpc::Channel>> StartInProcessServer(const std::vector<std::string>& plugins,
                                                                    bool asks_state = false);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_IN_PROCESS_H_
