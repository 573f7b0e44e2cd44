// SPDX-License-Identifier: Apache-2.0
// Threads that share one call again and again, each on a processor of its own. Tested by thread_team_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_THREAD_TEAM_H_
#define ACTBENCH_KERNELS_MEASURE_THREAD_TEAM_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace actbench {

// The processors that this thread may run on, as the system numbers them, ascending.
std::vector<int> AllowedCpus();
// Keeps the calling thread on one of them; without effect where that is not allowed.
void PinTo(int cpu);

class ThreadTeam {
 public:
  // One thread for each of `cpus`, the first of which is the caller's.
  explicit ThreadTeam(absl::Span<const int> cpus);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs `part` in every thread, with its number from 0, and returns when all have ended. The others wait for it in a
  // loop, as waking them would take longer than what is timed, but sleep when for some time nothing comes.
  void Run(absl::FunctionRef<void(int thread)> part);

 private:
  void Work(int thread);

  std::vector<std::thread> workers_;
  const absl::FunctionRef<void(int)>* part_ = nullptr;  // of this turn
  std::atomic<uint64_t> turn_ = 0;                      // grows when there is something to run, or to end
  std::atomic<int> running_ = 0;                        // workers that are not done with it
  std::atomic<bool> stop_ = false;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_THREAD_TEAM_H_
