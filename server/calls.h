// SPDX-License-Identifier: Apache-2.0
// The calls that the server is working on, of all services: what a drain waits for. Thread-safe. Tested by
// shutdown_test.cc.
#ifndef ACTBENCH_SERVER_CALLS_H_
#define ACTBENCH_SERVER_CALLS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/mutex.h"

namespace actbench {

class Calls {
 public:
  // To be called when a call of one of our services arrives, and when an accepted one ends.
  void NoteActivity();

  // A call whose work was accepted, until its answer was written to the client's connection.
  void Accepted();
  void Ended();

  // Waits until every accepted call has ended. Returns false at `deadline`.
  bool AwaitAnswers(absl::Time deadline);

  // Waits until there has been no activity for `quiet`, or until `deadline`.
  void AwaitQuiet(absl::Duration quiet, absl::Time deadline) const;

 private:
  std::atomic<int64_t> last_activity_ = 0;  // Unix time in ns

  Mutex mutex_;
  Condition none_;
  size_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CALLS_H_
