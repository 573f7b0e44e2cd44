// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/scheduler_fixture.h"

namespace actbench {
namespace {

TEST_F(SchedulerTest, RunsEveryChunkOnceAndThenDone) {
  Scheduler scheduler(4, 10, metrics_);
  std::vector<std::atomic<int>> runs(1000);
  TestJob job(JobClass::kInteractive, runs.size(), [&](size_t chunk) { ++runs[chunk]; });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(job.status().ok());
  EXPECT_EQ(job.done_calls, 1);
  for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
}

TEST_F(SchedulerTest, JobWithoutChunksIsDoneAtOnce) {
  Scheduler scheduler(1, 1, metrics_);
  TestJob job(JobClass::kInteractive, 0, Nothing);
  ASSERT_TRUE(scheduler.Submit(job).ok());
  EXPECT_EQ(job.done_calls, 1);
  EXPECT_TRUE(job.status().ok());
}

TEST_F(SchedulerTest, RunsChunksOfOneJobOnSeveralWorkersAtATime) {
  Scheduler scheduler(3, 10, metrics_);
  std::vector<Gate> started(3);
  TestJob job(JobClass::kInteractive, 3, [&](size_t chunk) {
    started[chunk].Open();
    for (Gate& gate : started) EXPECT_TRUE(gate.Wait());
  });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  EXPECT_TRUE(job.WaitUntilDone());
}

TEST_F(SchedulerTest, TakesTurnsBetweenTheJobsOfAClass) {
  Scheduler scheduler(1, 10, metrics_);
  const auto a = Named("a", JobClass::kInteractive, 3);
  const auto b = Named("b", JobClass::kInteractive, 2);
  {
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(*a).ok());
    ASSERT_TRUE(scheduler.Submit(*b).ok());
  }
  ASSERT_TRUE(a->WaitUntilDone());
  EXPECT_EQ(record_.names(), (std::vector<std::string>{"a0", "b0", "a1", "b1", "a2"}));
}

TEST_F(SchedulerTest, StartsMoreUrgentClassesFirst) {
  Scheduler scheduler(1, 10, metrics_);
  const auto background = Named("background", JobClass::kBackground, 1);
  const auto is_long = Named("long", JobClass::kLong, 1);
  const auto exclusive = Named("exclusive", JobClass::kExclusive, 1);
  const auto interactive = Named("interactive", JobClass::kInteractive, 1);
  {
    Blocker blocker(scheduler);
    for (TestJob* job : {background.get(), is_long.get(), exclusive.get(), interactive.get()}) {
      ASSERT_TRUE(scheduler.Submit(*job).ok());
    }
  }
  ASSERT_TRUE(background->WaitUntilDone());
  EXPECT_EQ(record_.names(), (std::vector<std::string>{"interactive0", "exclusive0", "long0", "background0"}));
}

TEST_F(SchedulerTest, LongJobsGetAShareBesideInteractiveOnesThatNeverPause) {
  Scheduler scheduler(1, 10, metrics_);
  std::atomic<bool> enough = false;
  TestJob interactive(JobClass::kInteractive, 1000000, [&](size_t) {
    if (!enough) Spin(absl::Microseconds(200));
  });
  TestJob is_long(JobClass::kLong, 10, Nothing);
  ASSERT_TRUE(scheduler.Submit(interactive).ok());
  ASSERT_TRUE(scheduler.Submit(is_long).ok());
  EXPECT_TRUE(is_long.WaitUntilDone());
  EXPECT_GT(interactive.chunks_run, is_long.chunks_run);
  EXPECT_EQ(interactive.done_calls, 0);
  enough = true;
  EXPECT_TRUE(scheduler.Cancel(interactive, absl::CancelledError("enough")));
  EXPECT_TRUE(interactive.WaitUntilDone());
}

TEST_F(SchedulerTest, ExclusiveChunksRunAlone) {
  Scheduler scheduler(4, 1000, metrics_);
  std::atomic<int> running = 0;
  const auto alone = [&](size_t) {
    EXPECT_EQ(running.fetch_add(1), 0);
    Spin(absl::Milliseconds(1));
    EXPECT_EQ(running.fetch_sub(1), 1);
  };
  const auto together = [&](size_t) {
    ++running;
    Spin(absl::Microseconds(100));
    --running;
  };
  std::vector<std::unique_ptr<TestJob>> jobs;
  for (int i = 0; i < 40; ++i) {
    for (const JobClass job_class : {JobClass::kInteractive, JobClass::kLong, JobClass::kBackground}) {
      jobs.push_back(std::make_unique<TestJob>(job_class, 5, together));
    }
    if (i % 10 == 0) jobs.push_back(std::make_unique<TestJob>(JobClass::kExclusive, 5, alone));
  }
  for (const auto& job : jobs) ASSERT_TRUE(scheduler.Submit(*job).ok());
  for (const auto& job : jobs) EXPECT_TRUE(job->WaitUntilDone());
}

TEST_F(SchedulerTest, ExclusiveJobsGetATurnBesideInteractiveOnesThatNeverPause) {
  Scheduler scheduler(2, 10, metrics_);
  std::atomic<bool> enough = false;
  TestJob interactive(JobClass::kInteractive, 1000000, [&](size_t) {
    if (!enough) Spin(absl::Microseconds(200));
  });
  TestJob exclusive(JobClass::kExclusive, 2, Nothing);
  ASSERT_TRUE(scheduler.Submit(interactive).ok());
  ASSERT_TRUE(scheduler.Submit(exclusive).ok());
  EXPECT_TRUE(exclusive.WaitUntilDone());
  enough = true;
  scheduler.Cancel(interactive, absl::CancelledError("enough"));
  EXPECT_TRUE(interactive.WaitUntilDone());
}

TEST_F(SchedulerTest, InteractiveWorkGetsATurnBetweenExclusiveChunks) {
  Scheduler scheduler(1, 10, metrics_);
  const auto interactive = Named("interactive", JobClass::kInteractive, 2);
  TestJob exclusive(JobClass::kExclusive, 2, [&](size_t chunk) {
    record_.Add(absl::StrCat("exclusive", chunk));
    if (chunk == 0) {
      EXPECT_TRUE(scheduler.Submit(*interactive).ok());
    }
  });
  ASSERT_TRUE(scheduler.Submit(exclusive).ok());
  ASSERT_TRUE(exclusive.WaitUntilDone());
  EXPECT_EQ(record_.names(), (std::vector<std::string>{"exclusive0", "interactive0", "interactive1", "exclusive1"}));
}

TEST_F(SchedulerTest, BackgroundWorkStandsStillWhileAnExclusiveJobExists) {
  Scheduler scheduler(2, 10, metrics_);
  const auto background = Named("background", JobClass::kBackground, 1);
  TestJob exclusive(JobClass::kExclusive, 20, [&](size_t chunk) {
    if (chunk == 0) {
      EXPECT_TRUE(scheduler.Submit(*background).ok());
    }
    Spin(absl::Milliseconds(1));
    record_.Add("exclusive");
  });
  ASSERT_TRUE(scheduler.Submit(exclusive).ok());
  ASSERT_TRUE(background->WaitUntilDone());
  EXPECT_EQ(record_.names().size(), 21u);
  EXPECT_EQ(record_.names().back(), "background0");
}

TEST_F(SchedulerTest, RefusesJobsBeyondTheQueueLengthAndNamesIt) {
  Scheduler scheduler(1, 2, metrics_);
  TestJob first(JobClass::kInteractive, 1, Nothing);
  TestJob second(JobClass::kLong, 1, Nothing);
  TestJob third(JobClass::kInteractive, 1, Nothing);
  {
    // Has started, so it does not wait.
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(first).ok());
    ASSERT_TRUE(scheduler.Submit(second).ok());
    EXPECT_EQ(scheduler.counts().waiting, 2u);
    EXPECT_EQ(scheduler.counts().unfinished, 3u);
    EXPECT_EQ(scheduler.counts().busy, 1u);
    const absl::Status status = scheduler.Submit(third);
    EXPECT_TRUE(absl::IsResourceExhausted(status));
    EXPECT_NE(std::string(status.message()).find("at most 2"), std::string::npos) << status;
  }
  ASSERT_TRUE(first.WaitUntilDone());
  ASSERT_TRUE(second.WaitUntilDone());
  EXPECT_EQ(third.done_calls, 0);
  EXPECT_TRUE(scheduler.Submit(third).ok());
  EXPECT_TRUE(third.WaitUntilDone());
}

TEST_F(SchedulerTest, TellsWaitingJobsTheirPlace) {
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
    EXPECT_EQ(scheduler.Place(second), 2u);
    EXPECT_TRUE(scheduler.Cancel(first, absl::CancelledError("")));
    EXPECT_EQ(scheduler.Place(second), 1u);
  }
  ASSERT_TRUE(second.WaitUntilDone());
  EXPECT_EQ(scheduler.Place(second), std::nullopt);
}

}  // namespace
}  // namespace actbench
