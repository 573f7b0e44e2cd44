// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/thread_team.h"

#include <sched.h>

#include <chrono>

#include "hwy/cache_control.h"

namespace actbench {
namespace {

// Longer than what a sample's end and the next one's beginning take.
constexpr std::chrono::milliseconds kSpin{20};

}  // namespace

std::vector<int> AllowedCpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return {0};
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

void PinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

ThreadTeam::ThreadTeam(absl::Span<const int> cpus) {
  for (size_t i = 1; i < cpus.size(); ++i) {
    workers_.emplace_back([this, cpu = cpus[i], thread = static_cast<int>(i)] {
      PinTo(cpu);
      Work(thread);
    });
  }
  if (!cpus.empty()) PinTo(cpus[0]);
}

ThreadTeam::~ThreadTeam() {
  stop_ = true;
  turn_.fetch_add(1, std::memory_order_release);
  turn_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::Run(absl::FunctionRef<void(int)> part) {
  part_ = &part;
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  turn_.fetch_add(1, std::memory_order_release);
  turn_.notify_all();
  part(0);
  while (running_.load(std::memory_order_acquire) > 0) hwy::Pause();
}

void ThreadTeam::Work(int thread) {
  for (uint64_t seen = 0;;) {
    const auto sleep_at = std::chrono::steady_clock::now() + kSpin;
    while (turn_.load(std::memory_order_acquire) == seen) {
      hwy::Pause();
      if (std::chrono::steady_clock::now() >= sleep_at) turn_.wait(seen, std::memory_order_acquire);
    }
    if (stop_) return;
    ++seen;
    (*part_)(thread);
    running_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace actbench
