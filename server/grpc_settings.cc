// SPDX-License-Identifier: Apache-2.0
#include "server/grpc_settings.h"

#include <grpc/compression.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

namespace actbench {
namespace {

constexpr int kSecondMs = 1000;
constexpr int kMinuteMs = 60 * kSecondMs;

// What gRPC 1.51 is told as channel arguments. The defaults are made for trusted networks.
struct Argument {
  const char* name;
  int value;
};
constexpr Argument kArguments[] = {
    // By default two servers share a port silently, each getting some of the connections.
    {GRPC_ARG_ALLOW_REUSEPORT, 0},
    // Per connection; further calls wait at the client.
    {GRPC_ARG_MAX_CONCURRENT_STREAMS, 100},
    {GRPC_ARG_MAX_METADATA_SIZE, 8192},
    // Connections that stand idle or never finish their handshake hold memory and file descriptors.
    {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * kSecondMs},
    {GRPC_ARG_MAX_CONNECTION_IDLE_MS, 5 * kMinuteMs},
    // Finds peers that are dead or stopped, whose unread answers take room in --max_inflight_bytes.
    {GRPC_ARG_KEEPALIVE_TIME_MS, 20 * kSecondMs},
    {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * kSecondMs},
    // How often a client may ping.
    {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30 * kSecondMs},
};

}  // namespace

void InitializeGrpc() {
  // All are global, and for servers that are not built yet.
  static const bool done = [] {
    // Never shut down: that waits up to 10 s for a poll of gRPC's own where a call was cut off shortly before.
    grpc_init();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  (void)done;
}

void ApplyGrpcSettings(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.limits.message_size_bytes));
  // Responses are limited item by item, with a clearer error.
  builder.SetMaxSendMessageSize(-1);
  // The only bound on what gRPC buffers before it looks at the message size.
  grpc::ResourceQuota quota("actbench");
  quota.Resize(static_cast<size_t>(options.memory_quota_bytes));
  builder.SetResourceQuota(quota);
  // A compressed message is inflated before any limit is looked at.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  for (const Argument& argument : kArguments) builder.AddChannelArgument(argument.name, argument.value);
}

}  // namespace actbench
