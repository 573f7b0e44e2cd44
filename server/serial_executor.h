// SPDX-License-Identifier: Apache-2.0
// A thread that does what may wait for a disk or for locks of other processes, one task after the other, apart from
// gRPC's threads, of which there are few. Thread-safe. Tested by serial_executor_test.cc.
#ifndef ACTBENCH_SERVER_SERIAL_EXECUTOR_H_
#define ACTBENCH_SERVER_SERIAL_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/mutex.h"

namespace actbench {

class SerialExecutor {
 public:
  using Task = std::function<void()>;

  // The most tasks of TryPost that wait.
  static constexpr size_t kQueueLength = 64;
  // How often what is left undone is tried again.
  static constexpr absl::Duration kPeriod = absl::Seconds(1);

  // `leaves_undone`, if there is one, is called after each task, and then each period for as long as it returns true.
  // Throws std::system_error if there cannot be a thread.
  explicit SerialExecutor(std::function<bool()> leaves_undone = nullptr);
  // Runs what waits first.
  ~SerialExecutor();
  SerialExecutor(const SerialExecutor&) = delete;
  SerialExecutor& operator=(const SerialExecutor&) = delete;

  void Post(Task task);
  // RESOURCE_EXHAUSTED if too many wait.
  absl::Status TryPost(Task task);

 private:
  void Work();

  const std::function<bool()> leaves_undone_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses the others
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_SERIAL_EXECUTOR_H_
