// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/metrics_text.h"
#include "tests/scheduler_fixture.h"

namespace actbench {
namespace {

constexpr std::chrono::hours kForever(1);

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
  Scheduler scheduler(1, 10, metrics_, kForever);
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

// Whatever its chunks take: here half of those of interactive work.
TEST_F(SchedulerTest, LongJobsGetAnEighthBesideInteractiveOnesThatNeverPause) {
  Scheduler scheduler(1, 10, metrics_);
  std::atomic<bool> enough = false;
  std::atomic<int64_t> interactive_ns = 0;
  std::atomic<int64_t> long_ns = 0;
  const auto timed = [](std::atomic<int64_t>& total, absl::Duration duration) {
    const absl::Time start = absl::Now();
    Spin(duration);
    total += absl::ToInt64Nanoseconds(absl::Now() - start);
  };
  TestJob interactive(JobClass::kInteractive, 1000000, [&](size_t) {
    if (!enough) timed(interactive_ns, absl::Microseconds(200));
  });
  TestJob is_long(JobClass::kLong, 300, [&](size_t) { timed(long_ns, absl::Microseconds(100)); });
  ASSERT_TRUE(scheduler.Submit(interactive).ok());
  ASSERT_TRUE(scheduler.Submit(is_long).ok());
  EXPECT_TRUE(is_long.WaitUntilDone());
  const double share = static_cast<double>(long_ns) / static_cast<double>(long_ns + interactive_ns);
  enough = true;
  // Wide, as another process may take the processor in the middle of a chunk.
  EXPECT_GT(share, 1.0 / 16);
  EXPECT_LT(share, 1.0 / 5);
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

TEST_F(SchedulerTest, ExclusiveJobsWaitForInteractiveOnesThatNeverPauseForATurnOnly) {
  constexpr std::chrono::milliseconds kTurn(20);
  Scheduler scheduler(2, 10, metrics_, kTurn);
  std::atomic<bool> enough = false;
  TestJob interactive(JobClass::kInteractive, 1000000, [&](size_t) {
    if (!enough) Spin(absl::Microseconds(200));
  });
  std::vector<absl::Time> starts;
  TestJob exclusive(JobClass::kExclusive, 3, [&](size_t) { starts.push_back(absl::Now()); });
  ASSERT_TRUE(scheduler.Submit(interactive).ok());
  const absl::Time submitted = absl::Now();
  ASSERT_TRUE(scheduler.Submit(exclusive).ok());
  EXPECT_TRUE(exclusive.WaitUntilDone());
  EXPECT_EQ(interactive.done_calls, 0);
  EXPECT_GE(starts[0] - submitted, absl::FromChrono(kTurn));
  EXPECT_GE(starts[1] - starts[0], absl::FromChrono(kTurn));
  EXPECT_GE(starts[2] - starts[1], absl::FromChrono(kTurn));
  enough = true;
  scheduler.Cancel(interactive, absl::CancelledError("enough"));
  EXPECT_TRUE(interactive.WaitUntilDone());
}

// Two benchmarks at a time would measure each other.
TEST_F(SchedulerTest, ExclusiveJobsComeOneAfterTheOther) {
  Scheduler scheduler(2, 10, metrics_);
  const auto a = Named("a", JobClass::kExclusive, 1);
  const auto b = Named("b", JobClass::kExclusive, 2);
  std::atomic<int> left = 2;
  TestJob growing(JobClass::kExclusive, 1, [&](size_t chunk) {
    record_.Add(absl::StrCat("growing", chunk));
    EXPECT_EQ(scheduler.Place(*a), 1u);
    EXPECT_EQ(scheduler.Place(*b), 2u);
    if (left-- > 0) growing.Grow();
  });
  {
    Blocker blocker(scheduler);
    for (TestJob* job : {&growing, a.get(), b.get()}) ASSERT_TRUE(scheduler.Submit(*job).ok());
  }
  EXPECT_TRUE(b->WaitUntilDone());
  EXPECT_EQ(record_.names(), (std::vector<std::string>{"growing0", "growing1", "growing2", "a0", "b0", "b1"}));
}

TEST_F(SchedulerTest, LongWorkGoesOnBetweenExclusiveChunks) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob is_long(JobClass::kLong, 2, [&](size_t chunk) { record_.Add(absl::StrCat("long", chunk)); });
  TestJob exclusive(JobClass::kExclusive, 2, [&](size_t chunk) {
    record_.Add(absl::StrCat("exclusive", chunk));
    Spin(absl::Milliseconds(30));  // the turn of long work is a seventh of it
  });
  {
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(is_long).ok());
    ASSERT_TRUE(scheduler.Submit(exclusive).ok());
  }
  EXPECT_TRUE(exclusive.WaitUntilDone());
  EXPECT_TRUE(is_long.WaitUntilDone());
  const std::vector<std::string> names = record_.names();
  EXPECT_EQ(names[0], "exclusive0");
  EXPECT_EQ(names[1], "long0");
}

// As where short benchmarks follow each other: the next is submitted when one is done.
TEST_F(SchedulerTest, LongWorkGoesOnBetweenExclusiveJobs) {
  class Followed final : public TestJob {
   public:
    Followed(Scheduler& scheduler, TestJob& next, std::function<void(size_t)> run)
        : TestJob(JobClass::kExclusive, 1, std::move(run)), scheduler_(scheduler), next_(next) {}
    void Done(const absl::Status& status) override {
      EXPECT_TRUE(scheduler_.Submit(next_).ok());
      TestJob::Done(status);
    }

   private:
    Scheduler& scheduler_;
    TestJob& next_;
  };
  Scheduler scheduler(1, 10, metrics_);
  const auto is_long = Named("long", JobClass::kLong, 1);
  const auto second = Named("second", JobClass::kExclusive, 1);
  Followed first(scheduler, *second, [&](size_t) {
    Spin(absl::Milliseconds(30));
    record_.Add("first");
  });
  {
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(*is_long).ok());
    ASSERT_TRUE(scheduler.Submit(first).ok());
  }
  for (TestJob* job : {static_cast<TestJob*>(&first), second.get(), is_long.get()}) EXPECT_TRUE(job->WaitUntilDone());
  EXPECT_EQ(record_.names(), (std::vector<std::string>{"first", "long0", "second0"}));
}

TEST_F(SchedulerTest, AJobMayAddChunksWhileOneRuns) {
  Scheduler scheduler(3, 10, metrics_);
  std::atomic<size_t> added = 0;
  TestJob job(JobClass::kLong, 2, [&](size_t) {
    if (added.fetch_add(1) < 100) job.Grow();
  });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(job.status().ok());
  EXPECT_EQ(job.chunks_run, 102u);
  EXPECT_EQ(job.done_calls, 1);
}

// Where a worker sleeps, as they do a moment after the start.
TEST_F(SchedulerTest, ABriefJobIsRunByItsCallerInPlaceOfASleepingWorker) {
  Scheduler scheduler(2, 10, metrics_);
  const absl::Time deadline = absl::Now() + kPatience;
  std::thread::id ran_on;
  do {
    TestJob job(JobClass::kInteractive, 1, [&](size_t) {
      ran_on = std::this_thread::get_id();
      EXPECT_GE(scheduler.counts().busy, 1u);  // the caller, and maybe who has just finished the job before
    });
    job.set_brief();
    ASSERT_TRUE(scheduler.Submit(job).ok());
    ASSERT_TRUE(job.WaitUntilDone());
  } while (ran_on != std::this_thread::get_id() && absl::Now() < deadline);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(SchedulerTest, ABriefJobWaitsForAWorkerWhereNoneSleeps) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kInteractive, 1, Nothing);
  job.set_brief();
  {
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(job).ok());
    EXPECT_EQ(job.done_calls, 0);
  }
  EXPECT_TRUE(job.WaitUntilDone());
}

// What is submitted meanwhile waits for the caller, and starts when it has finished.
TEST_F(SchedulerTest, WithABriefJobNoMoreThreadsRunThanThereAreWorkers) {
  Scheduler scheduler(1, 10, metrics_);
  for (const JobClass job_class : {JobClass::kInteractive, JobClass::kExclusive, JobClass::kBackground}) {
    TestJob other(job_class, 2, Nothing);
    TestJob brief(JobClass::kInteractive, 1, [&](size_t) {
      EXPECT_TRUE(scheduler.Submit(other).ok());
      absl::SleepFor(absl::Milliseconds(20));
      EXPECT_EQ(other.chunks_run, 0u);
    });
    brief.set_brief();
    ASSERT_TRUE(scheduler.Submit(brief).ok());
    EXPECT_TRUE(brief.WaitUntilDone());
    EXPECT_TRUE(other.WaitUntilDone());
  }
}

// Encoding the answer is most of what a small request costs.
TEST_F(SchedulerTest, TheTimeOfWorkersHasWhatDoneTakes) {
  class SlowToFinish final : public TestJob {
   public:
    SlowToFinish() : TestJob(JobClass::kInteractive, 1, Nothing) {}
    void Done(const absl::Status& status) override {
      Spin(absl::Milliseconds(20));
      TestJob::Done(status);
    }
  };
  {
    Scheduler scheduler(1, 10, metrics_);
    SlowToFinish job;
    ASSERT_TRUE(scheduler.Submit(job).ok());
    ASSERT_TRUE(job.WaitUntilDone());
  }
  EXPECT_GE(MetricValue(metrics_.Text(), "actbench_worker_busy_seconds_total"), 0.02);
}

TEST_F(SchedulerTest, InteractiveWorkGetsATurnBetweenExclusiveChunks) {
  Scheduler scheduler(1, 10, metrics_, kForever);
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
  ASSERT_TRUE(exclusive.WaitUntilDone());
  EXPECT_EQ(record_.names().size(), 21u);
  EXPECT_EQ(record_.names().back(), "background0");
}

TEST_F(SchedulerTest, RefusesJobsBeyondTheQueueLengthOfTheirClassAndNamesIt) {
  Scheduler scheduler(1, 1, metrics_);
  TestJob first(JobClass::kInteractive, 1, Nothing);
  TestJob is_long(JobClass::kLong, 1, Nothing);
  TestJob second(JobClass::kInteractive, 1, Nothing);
  {
    // Has started, so it does not wait.
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(is_long).ok());
    ASSERT_TRUE(scheduler.Submit(first).ok());
    EXPECT_EQ(scheduler.counts().waiting[JobClass::kInteractive], 1u);
    EXPECT_EQ(scheduler.counts().waiting[JobClass::kLong], 1u);
    EXPECT_EQ(scheduler.counts().waiting[JobClass::kExclusive], 0u);
    EXPECT_EQ(scheduler.counts().unfinished, 3u);
    EXPECT_EQ(scheduler.counts().busy, 1u);
    const absl::Status status = scheduler.Submit(second);
    EXPECT_TRUE(absl::IsResourceExhausted(status));
    EXPECT_NE(std::string(status.message()).find("at most 1"), std::string::npos) << status;
  }
  ASSERT_TRUE(first.WaitUntilDone());
  ASSERT_TRUE(is_long.WaitUntilDone());
  EXPECT_EQ(second.done_calls, 0);
  EXPECT_TRUE(scheduler.Submit(second).ok());
  EXPECT_TRUE(second.WaitUntilDone());
}

}  // namespace
}  // namespace actbench
