// SPDX-License-Identifier: Apache-2.0
// Jobs that wait: their places, and long ones that wait for others.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "server/scheduler.h"
#include "tests/scheduler_fixture.h"

namespace actbench {
namespace {

using SchedulerQueueTest = SchedulerTest;

// Whether it comes true in time.
template <class Predicate>
bool WaitUntil(const Predicate& is_true) {
  for (const absl::Time deadline = absl::Now() + kPatience; !is_true(); absl::SleepFor(absl::Milliseconds(1))) {
    if (absl::Now() > deadline) return false;
  }
  return true;
}

TEST_F(SchedulerQueueTest, TellsWaitingJobsTheirPlaceInTheirClass) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob first(JobClass::kLong, 1, Nothing);
  TestJob second(JobClass::kLong, 1, Nothing);
  TestJob urgent(JobClass::kInteractive, 1, Nothing);
  {
    Blocker blocker(scheduler);
    EXPECT_EQ(scheduler.Place(first), std::nullopt);
    ASSERT_TRUE(scheduler.Submit(first).ok());
    ASSERT_TRUE(scheduler.Submit(second).ok());
    EXPECT_EQ(scheduler.Place(first), 0u);
    EXPECT_EQ(scheduler.Place(second), 1u);
    ASSERT_TRUE(scheduler.Submit(urgent).ok());
    EXPECT_EQ(scheduler.Place(urgent), 0u);
    EXPECT_EQ(scheduler.Place(second), 1u);
    EXPECT_TRUE(scheduler.Cancel(first, absl::CancelledError("")));
    EXPECT_EQ(scheduler.Place(second), 0u);
  }
  ASSERT_TRUE(second.WaitUntilDone());
  ASSERT_TRUE(urgent.WaitUntilDone());
  EXPECT_EQ(scheduler.Place(second), std::nullopt);
}

TEST_F(SchedulerQueueTest, RunsTwoLongJobsAtATime) {
  Scheduler scheduler(4, 10, metrics_);
  std::vector<std::unique_ptr<Gate>> gates;
  std::vector<std::unique_ptr<TestJob>> jobs;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  for (size_t i = 0; i < 5; ++i) {
    Gate& gate = *gates.emplace_back(std::make_unique<Gate>());
    jobs.push_back(std::make_unique<TestJob>(JobClass::kLong, 1, [&](size_t) {
      const int now = ++running;
      for (int before = most; before < now && !most.compare_exchange_weak(before, now);) continue;
      EXPECT_TRUE(gate.Wait());
      --running;
    }));
    ASSERT_TRUE(scheduler.Submit(*jobs.back()).ok());
  }
  TestJob other(JobClass::kInteractive, 1, Nothing);
  ASSERT_TRUE(scheduler.Submit(other).ok());
  ASSERT_TRUE(other.WaitUntilDone());
  EXPECT_TRUE(WaitUntil([&] { return running == 2; }));
  EXPECT_EQ(scheduler.counts().waiting[JobClass::kLong], 3u);
  EXPECT_EQ(scheduler.Place(*jobs[2]), 2u);
  EXPECT_EQ(scheduler.Place(*jobs[4]), 4u);
  EXPECT_TRUE(scheduler.Cancel(*jobs[3], absl::CancelledError("")));
  EXPECT_EQ(scheduler.Place(*jobs[4]), 3u);
  gates[1]->Open();
  ASSERT_TRUE(jobs[1]->WaitUntilDone());
  EXPECT_TRUE(WaitUntil([&] { return !scheduler.Place(*jobs[2]).has_value(); }));
  EXPECT_EQ(scheduler.Place(*jobs[4]), 2u);
  for (const auto& gate : gates) gate->Open();
  for (const auto& job : jobs) EXPECT_TRUE(job->WaitUntilDone());
  EXPECT_TRUE(absl::IsCancelled(jobs[3]->status()));
  EXPECT_EQ(jobs[3]->chunks_run, 0u);
  EXPECT_EQ(most, 2);
}

// Of those that may run, one ends without a chunk.
TEST_F(SchedulerQueueTest, ACancelledLongJobLetsTheNextBegin) {
  Scheduler scheduler(1, 10, metrics_);
  std::vector<std::unique_ptr<TestJob>> jobs;
  for (size_t i = 0; i < 4; ++i) jobs.push_back(std::make_unique<TestJob>(JobClass::kLong, 1, Nothing));
  jobs[2]->set_deadline(absl::Now() - absl::Seconds(1));
  {
    Blocker blocker(scheduler);
    for (const auto& job : jobs) ASSERT_TRUE(scheduler.Submit(*job).ok());
    EXPECT_TRUE(scheduler.Cancel(*jobs[0], absl::CancelledError("")));
    EXPECT_EQ(scheduler.Place(*jobs[1]), 0u);
    EXPECT_EQ(scheduler.Place(*jobs[2]), 1u);
    EXPECT_EQ(scheduler.Place(*jobs[3]), 2u);
  }
  for (const auto& job : jobs) ASSERT_TRUE(job->WaitUntilDone());
  EXPECT_TRUE(absl::IsDeadlineExceeded(jobs[2]->status()));
  EXPECT_TRUE(jobs[3]->status().ok());
}

}  // namespace
}  // namespace actbench
