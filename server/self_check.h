// SPDX-License-Identifier: Apache-2.0
// Checks the kernels that have served requests, at the special values (SpecialInputs) and at random bit patterns, with
// the default parameters: in the background and slowly, for as long as the server runs. Thread-safe. Tested by
// self_check_test.cc.
#ifndef ACTBENCH_SERVER_SELF_CHECK_H_
#define ACTBENCH_SERVER_SELF_CHECK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "kernels/catalog.h"
#include "server/metrics.h"
#include "server/mutex.h"
#include "server/scheduler.h"

namespace actbench {

class SelfCheck {
 public:
  // Nothing is checked before Start.
  SelfCheck(const Catalog& catalog, Scheduler& scheduler, Metrics& metrics);
  ~SelfCheck() { Stop(); }
  SelfCheck(const SelfCheck&) = delete;
  SelfCheck& operator=(const SelfCheck&) = delete;

  void Start();
  // Stops at once: what waits for a worker is left out, what runs takes less than 1 ms.
  void Stop();

  // Notes that `kernel`, one of the catalog's, has served a request. Costs next to nothing.
  void Served(const Kernel& kernel);

  // How long to rest after work that took `spent`, so long after the start: in the first minute, when there is the most
  // to learn, nine times as long; later so that all of it takes less than 1 % of a core.
  static absl::Duration Rest(absl::Duration spent, absl::Duration since_start);

 private:
  class Chunk;

  void Run();
  // The place in the catalog of the next kernel that has served, after `place`; nothing if none has.
  std::optional<size_t> NextServed(size_t place) const;
  // Has a worker check some elements and waits for that. Returns the time that it took; nothing if the scheduler takes
  // no more work.
  std::optional<absl::Duration> Check(size_t place);
  // Waits for so long, or until Stop. Returns whether to go on.
  bool Sleep(absl::Duration duration);

  const Catalog& catalog_;
  Scheduler& scheduler_;
  Metrics& metrics_;
  // By the places of the kernels in the catalog.
  const std::unique_ptr<std::atomic<bool>[]> served_;
  std::vector<uint64_t> samples_done_;  // only for the thread

  Mutex mutex_;
  Condition changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Chunk* current_ ABSL_GUARDED_BY(mutex_) = nullptr;  // submitted, and not known to be done
  std::thread thread_;                                // paces the work, and does none
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_SELF_CHECK_H_
