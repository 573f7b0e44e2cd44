// SPDX-License-Identifier: Apache-2.0
// The actbench server as a library: the gRPC services, health, reflection, the scheduler and the metrics endpoint,
// wired together. Used by the actbench-server program, by the command's in-process mode and by tests.
#ifndef ACTBENCH_SERVER_SERVER_H_
#define ACTBENCH_SERVER_SERVER_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kernels/catalog.h"

namespace actbench {

// What a request may ask for; served by GetServerInfo. Beyond these the answer is RESOURCE_EXHAUSTED with the limit.
struct Limits {
  int64_t message_size_bytes = int64_t{68} << 20;  // so that a 64 MiB tensor fits
  int64_t tensor_elements = int64_t{1} << 26;
  int32_t batch_items = 1024;
  int64_t measured_elements = int64_t{1} << 20;
  int32_t queue_length = 256;
  int64_t inflight_bytes = int64_t{512} << 20;
};

// A numeric option: its flag and the values it may have. Server::Start refuses others, and so do the flags.
struct OptionRange {
  const char* flag;  // without the dashes
  int64_t min;
  int64_t max;
};
inline constexpr int64_t kMaxSize = int64_t{1} << 46;  // leaves room for sums and products
inline constexpr int64_t kMaxCount = std::numeric_limits<int32_t>::max();
inline constexpr OptionRange kThreadsRange = {"threads", 0, 4096};
inline constexpr OptionRange kMessageSizeRange = {"max_message_bytes", 4096, kMaxCount};
inline constexpr OptionRange kTensorElementsRange = {"max_tensor_elements", 1, kMaxSize};
inline constexpr OptionRange kBatchItemsRange = {"max_batch_items", 1, kMaxCount};
inline constexpr OptionRange kQueueLengthRange = {"max_queue_length", 1, kMaxCount};
inline constexpr OptionRange kInflightBytesRange = {"max_inflight_bytes", 16384, kMaxSize};
inline constexpr OptionRange kMemoryQuotaRange = {"memory_quota", int64_t{1} << 20, kMaxSize};

struct ServerOptions {
  // "HOST:PORT" (port 0: any free one) or "unix:PATH"; empty: no listener, only InProcessChannel().
  std::string address = "127.0.0.1:50051";
  // "HOST:PORT"; empty: no metrics endpoint.
  std::string metrics_address = "127.0.0.1:9464";
  // Whether a non-loopback address may be listened on without TLS.
  bool allow_insecure_bind = false;
  // Worker threads; 0: the processors this process may use (affinity and cgroup quota).
  int threads = 0;
  Limits limits;
  // gRPC's own buffers (ResourceQuota).
  int64_t memory_quota_bytes = int64_t{256} << 20;
  // The catalog to serve, which must outlive the server; null: Catalog::Default().
  const Catalog* catalog = nullptr;
};

class Server {
 public:
  // Starts to serve. FAILED_PRECONDITION or UNAVAILABLE with the reason if an address is refused or taken,
  // RESOURCE_EXHAUSTED if there cannot be so many threads.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);

  // Shuts down at once if Shutdown was not called.
  virtual ~Server() = default;

  // The address as HOST:PORT or unix:PATH, with the real port; empty if there is none.
  virtual const std::string& address() const = 0;
  virtual const std::string& metrics_address() const = 0;

  // A channel without a network.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // Reports NOT_SERVING, refuses new work with UNAVAILABLE, finishes accepted work, then closes. Returns whether all
  // accepted work was finished within `timeout`; what was not is cancelled.
  virtual bool Shutdown(absl::Duration timeout) = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_SERVER_H_
