// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/thread_team.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>

namespace actbench {
namespace {

TEST(ThreadTeamTest, EveryThreadRunsItsPartOnceInEachTurn) {
  const int cpu = AllowedCpus().front();
  ThreadTeam team({cpu, cpu, cpu});
  ASSERT_EQ(team.size(), 3);
  std::array<std::atomic<int>, 3> runs = {};
  for (int turn = 1; turn <= 20; ++turn) {
    team.Run([&](int thread) { ++runs[static_cast<size_t>(thread)]; });
    for (const std::atomic<int>& count : runs) ASSERT_EQ(count, turn);
  }
}

TEST(ThreadTeamTest, ThreadsThatSleepAreWoken) {
  ThreadTeam team({AllowedCpus().front(), AllowedCpus().back()});
  std::atomic<int> runs = 0;
  for (int turn = 0; turn < 3; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    team.Run([&](int) { ++runs; });
  }
  EXPECT_EQ(runs, 6);
}

TEST(ThreadTeamTest, EachThreadStaysOnItsProcessor) {
  const std::vector<int> cpus = {AllowedCpus().front(), AllowedCpus().back()};
  std::array<std::atomic<int>, 2> seen = {};
  ThreadTeam team(cpus);
  team.Run([&](int thread) { seen[static_cast<size_t>(thread)] = sched_getcpu(); });
  EXPECT_EQ(seen[0], cpus[0]);
  EXPECT_EQ(seen[1], cpus[1]);
}

}  // namespace
}  // namespace actbench
