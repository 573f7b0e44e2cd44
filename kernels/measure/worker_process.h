// SPDX-License-Identifier: Apache-2.0
// A running actbench-worker, seen from who started it. Tested by worker_process_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_WORKER_PROCESS_H_
#define ACTBENCH_KERNELS_MEASURE_WORKER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/measure/line_stream.h"
#include "kernels/plugins.h"

namespace actbench {

// A worker, and what it is to load.
struct WorkerProgram {
  std::string path;
  LoadedPlugins plugins = {};
};

// The worker beside this program: actbench-worker in the same directory.
std::string WorkerBesideThisProgram();

// Not thread-safe but for Interrupt.
class WorkerProcess {
 public:
  // NOT_FOUND if there is no such program, naming it.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(const std::string& program);
  // Ends it.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // The next line it says; nothing if it says none within `wait`. ABORTED if it has ended, and how.
  absl::StatusOr<std::optional<std::string>> TryReadLine(std::chrono::milliseconds wait);
  absl::Status Write(std::string_view bytes);
  // Whoever waits for it learns at once that it has ended, and ends it.
  void Interrupt() const;

 private:
  WorkerProcess(pid_t pid, int socket) : pid_(pid), socket_(socket), stream_(socket) {}

  // What comes after the other end is closed: it has ended, or does very soon.
  absl::Status HowItEnded();

  const pid_t pid_;
  const int socket_;
  LineStream stream_;
  bool reaped_ = false;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_WORKER_PROCESS_H_
