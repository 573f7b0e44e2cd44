// SPDX-License-Identifier: Apache-2.0
// How gRPC is set up: limits, timeouts and what is switched off.
#ifndef ACTBENCH_SERVER_GRPC_SETTINGS_H_
#define ACTBENCH_SERVER_GRPC_SETTINGS_H_

#include <grpcpp/server_builder.h>

#include "server/server.h"

namespace actbench {

// Makes health and reflection part of every server that is built from now on, in this process, and keeps gRPC
// initialised until the process ends.
void InitializeGrpc();

// Applies to one server. Does not add ports, services or credentials.
void ApplyGrpcSettings(const ServerOptions& options, grpc::ServerBuilder& builder);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_GRPC_SETTINGS_H_
