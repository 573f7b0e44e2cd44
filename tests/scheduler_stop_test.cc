// SPDX-License-Identifier: Apache-2.0
// How jobs end before they are finished: by cancel, by deadline, and with the scheduler.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/metrics_text.h"
#include "tests/scheduler_fixture.h"

namespace actbench {
namespace {

using SchedulerStopTest = SchedulerTest;

TEST_F(SchedulerStopTest, CancelOfAWaitingJobRunsNothingOfIt) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kInteractive, 5, Nothing);
  Blocker blocker(scheduler);
  ASSERT_TRUE(scheduler.Submit(job).ok());
  EXPECT_TRUE(scheduler.Cancel(job, absl::CancelledError("changed my mind")));
  // At once, although the worker is busy.
  EXPECT_EQ(job.done_calls, 1);
  EXPECT_TRUE(absl::IsCancelled(job.status()));
  EXPECT_EQ(job.chunks_run, 0u);
  EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("again")));
  EXPECT_EQ(job.done_calls, 1);
}

TEST_F(SchedulerStopTest, CancelOfARunningJobWaitsForItsChunkAndLeavesOutTheRest) {
  Scheduler scheduler(1, 10, metrics_);
  Gate started;
  Gate release;
  TestJob job(JobClass::kInteractive, 5, [&](size_t) {
    started.Open();
    EXPECT_TRUE(release.Wait());
  });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(started.Wait());
  EXPECT_TRUE(scheduler.Cancel(job, absl::CancelledError("changed my mind")));
  EXPECT_EQ(job.done_calls, 0);
  release.Open();
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(absl::IsCancelled(job.status()));
  EXPECT_EQ(job.chunks_run, 1u);
}

TEST_F(SchedulerStopTest, CancelAfterTheLastChunkStartedHasNoEffect) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kInteractive, 1, Nothing);
  EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("too early")));
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("too late")));
  EXPECT_TRUE(job.status().ok());
}

TEST_F(SchedulerStopTest, CancelledJobsAddNoMoreChunks) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kExclusive, 1, [&](size_t) {
    EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("changed my mind")));
    job.Grow();
  });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(absl::IsCancelled(job.status()));
  EXPECT_EQ(job.chunks_run, 1u);
}

TEST_F(SchedulerStopTest, DrainEndsJobsThatAddChunksForEver) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kLong, 1, [&](size_t) { job.Grow(); });
  ASSERT_TRUE(scheduler.Submit(job).ok());
  EXPECT_FALSE(scheduler.Drain(absl::Now() + absl::Milliseconds(20)));
  EXPECT_TRUE(absl::IsUnavailable(job.status()));
}

TEST_F(SchedulerStopTest, DeadlineStopsAWaitingJob) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kInteractive, 5, Nothing);
  job.set_deadline(absl::Now() + absl::Milliseconds(10));
  {
    Blocker blocker(scheduler);
    ASSERT_TRUE(scheduler.Submit(job).ok());
    absl::SleepFor(absl::Milliseconds(20));
  }
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(absl::IsDeadlineExceeded(job.status()));
  EXPECT_EQ(job.chunks_run, 0u);
}

TEST_F(SchedulerStopTest, DeadlineStopsARunningJobBetweenChunks) {
  Scheduler scheduler(2, 10, metrics_);
  TestJob job(JobClass::kLong, 1000000, [](size_t) { Spin(absl::Microseconds(100)); });
  job.set_deadline(absl::Now() + absl::Milliseconds(20));
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(absl::IsDeadlineExceeded(job.status()));
  EXPECT_LT(job.chunks_run, 1000000u);
}

TEST_F(SchedulerStopTest, DrainEndsLongJobsThatWaitForOthers) {
  Scheduler scheduler(2, 100, metrics_);
  std::vector<std::unique_ptr<TestJob>> jobs;
  for (int i = 0; i < 6; ++i) {
    // Of two, the others can begin in time.
    const size_t chunks = i < 4 ? 3 : 1000000;
    jobs.push_back(std::make_unique<TestJob>(JobClass::kLong, chunks, [](size_t) { Spin(absl::Microseconds(200)); }));
    ASSERT_TRUE(scheduler.Submit(*jobs.back()).ok());
  }
  TestJob held(JobClass::kLong, 1, Nothing);
  ASSERT_TRUE(scheduler.Submit(held).ok());
  EXPECT_FALSE(scheduler.Drain(absl::Now() + absl::Milliseconds(500)));
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(jobs[i]->status().ok());
  for (TestJob* job : {jobs[4].get(), jobs[5].get(), &held}) {
    EXPECT_EQ(job->done_calls, 1);
    EXPECT_TRUE(absl::IsUnavailable(job->status())) << job->status();
  }
  EXPECT_EQ(held.chunks_run, 0u);
  EXPECT_EQ(scheduler.counts().unfinished, 0u);
}

TEST_F(SchedulerStopTest, DrainFinishesAcceptedJobsAndRefusesNewOnes) {
  Scheduler scheduler(2, 100, metrics_);
  std::vector<std::unique_ptr<TestJob>> jobs;
  for (int i = 0; i < 50; ++i) {
    jobs.push_back(std::make_unique<TestJob>(JobClass::kInteractive, 3, [](size_t) { Spin(absl::Microseconds(200)); }));
    ASSERT_TRUE(scheduler.Submit(*jobs.back()).ok());
  }
  EXPECT_TRUE(scheduler.Drain(absl::Now() + kPatience));
  for (const auto& job : jobs) {
    EXPECT_EQ(job->done_calls, 1);
    EXPECT_TRUE(job->status().ok());
  }
  TestJob late(JobClass::kInteractive, 1, Nothing);
  EXPECT_TRUE(absl::IsUnavailable(scheduler.Submit(late)));
  EXPECT_EQ(late.done_calls, 0);
}

TEST_F(SchedulerStopTest, DrainCancelsWhatIsLeftAtTheDeadline) {
  Scheduler scheduler(1, 100, metrics_);
  TestJob endless(JobClass::kInteractive, 1000000, [](size_t) { Spin(absl::Microseconds(500)); });
  TestJob waiting(JobClass::kBackground, 1, Nothing);
  ASSERT_TRUE(scheduler.Submit(endless).ok());
  ASSERT_TRUE(scheduler.Submit(waiting).ok());
  EXPECT_FALSE(scheduler.Drain(absl::Now() + absl::Milliseconds(50)));
  for (TestJob* job : {&endless, &waiting}) {
    EXPECT_EQ(job->done_calls, 1);
    EXPECT_TRUE(absl::IsUnavailable(job->status())) << job->status();
  }
  EXPECT_EQ(scheduler.counts().unfinished, 0u);
}

TEST_F(SchedulerStopTest, DrainDoesNotWaitForBackgroundWork) {
  Scheduler scheduler(1, 10, metrics_);
  Gate started;
  Gate release;
  TestJob endless(JobClass::kBackground, 1, [&](size_t) {
    started.Open();
    EXPECT_TRUE(release.Wait());
    endless.Grow();
  });
  TestJob waiting(JobClass::kBackground, 3, Nothing);
  TestJob request(JobClass::kInteractive, 3, Nothing);
  ASSERT_TRUE(scheduler.Submit(endless).ok());
  ASSERT_TRUE(started.Wait());
  ASSERT_TRUE(scheduler.Submit(waiting).ok());
  ASSERT_TRUE(scheduler.Submit(request).ok());
  std::thread drain([&] { EXPECT_TRUE(scheduler.Drain(absl::InfiniteFuture())); });
  EXPECT_TRUE(waiting.WaitUntilDone());
  release.Open();
  drain.join();
  EXPECT_TRUE(request.status().ok());
  for (TestJob* job : {&endless, &waiting}) EXPECT_TRUE(absl::IsUnavailable(job->status())) << job->status();
  EXPECT_EQ(endless.chunks_run, 1u);
  EXPECT_EQ(waiting.chunks_run, 0u);
  // They were no requests.
  EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_rpc_cancelled_work_total{stage=\"queued\"}"), 0);
  EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_rpc_cancelled_work_total{stage=\"running\"}"), 0);
}

// Adds so many chunks, while others run.
class GrowingJob final : public TestJob {
 public:
  GrowingJob(JobClass job_class, size_t chunks, int growth)
      : TestJob(job_class, chunks,
                [this](size_t) {
                  Spin(absl::Microseconds(5));
                  if (growth_-- > 0) Grow();
                }),
        growth_(growth) {}

 private:
  std::atomic<int> growth_;
};

TEST_F(SchedulerStopTest, EveryJobIsDoneOnceWhateverIsSubmittedAndCancelledAtATime) {
  constexpr int kThreads = 4;
  constexpr int kJobs = 300;
  std::vector<std::vector<std::unique_ptr<GrowingJob>>> accepted(kThreads);
  {
    Scheduler scheduler(3, 20, metrics_);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        for (int i = 0; i < kJobs; ++i) {
          const auto job_class = static_cast<JobClass>(random() % 4);
          auto job = std::make_unique<GrowingJob>(job_class, random() % 6, random() % 3);
          if (random() % 2 == 0) job->set_brief();
          if (random() % 4 == 0) job->set_deadline(absl::Now() + absl::Microseconds(random() % 300));
          if (!scheduler.Submit(*job).ok()) continue;
          accepted[static_cast<size_t>(t)].push_back(std::move(job));
          auto& jobs = accepted[static_cast<size_t>(t)];
          if (random() % 3 == 0) scheduler.Cancel(*jobs[random() % jobs.size()], absl::CancelledError(""));
          scheduler.Place(*jobs.back());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // What is left is cancelled by the destructor.
  }
  for (const auto& jobs : accepted) {
    for (const auto& job : jobs) EXPECT_EQ(job->done_calls, 1);
  }
}

}  // namespace
}  // namespace actbench
