// SPDX-License-Identifier: Apache-2.0
// The actbench server as a library: the gRPC services, health, reflection, the scheduler and the metrics endpoint,
// wired together. Used by the actbench-server program, by the command's in-process mode and by tests.
#ifndef ACTBENCH_SERVER_SERVER_H_
#define ACTBENCH_SERVER_SERVER_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kernels/catalog.h"
#include "server/limits.h"

namespace actbench {

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
  // Where certificates and benchmark runs are kept, in actbench.sqlite; empty: in memory.
  std::string state_dir;
  // Called, from any thread, with what is newly wrong with that, which the log is told too; null: nobody else is.
  std::function<void(const std::string&)> on_state_warning = nullptr;
  // Of benchmark runs the newest so many are kept.
  int64_t max_runs = 1000;
  // The program that benchmarks are timed in; empty: the one beside this program.
  std::string worker;
  // The fraction of the elements that Evaluate answers whose errors are measured afterwards, for the metrics; 0 to 1.
  double accuracy_sample_rate = 0;
  // Whether the kernels that have served are checked slowly in the background, for the metrics.
  bool self_check = false;
  // gRPC's own buffers (ResourceQuota).
  int64_t memory_quota_bytes = int64_t{256} << 20;
  // Plug-ins to load, as MakeCatalog takes them (kernels/plugins.h).
  std::vector<std::string> plugins = {};
  // What work for each GPU may take; not for `catalog`.
  GpuLimits gpu_limits = {};
  // The catalog to serve, which must outlive the server, in place of that of `plugins`; null: that.
  const Catalog* catalog = nullptr;
};

class Server {
 public:
  // Starts to serve. The reason if not: INVALID_ARGUMENT (an option), FAILED_PRECONDITION or UNAVAILABLE (an address
  // that is refused or taken), RESOURCE_EXHAUSTED (too many threads), or that of MakeCatalog (a plug-in).
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
