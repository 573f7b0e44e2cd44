// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/metrics.h"
#include "server/mutex.h"

namespace actbench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// A one-way gate.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  // Whether it opened in time.
  bool Wait(absl::Duration patience = kPatience) {
    const absl::Time deadline = absl::Now() + patience;
    MutexLock lock(mutex_);
    while (!open_ && absl::Now() < deadline) changed_.WaitUntil(mutex_, deadline);
    return open_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

// The names of what ran, in order.
class Record {
 public:
  void Add(std::string name) {
    MutexLock lock(mutex_);
    names_.push_back(std::move(name));
  }
  std::vector<std::string> names() {
    MutexLock lock(mutex_);
    return names_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> names_ ABSL_GUARDED_BY(mutex_);
};

class TestJob : public Job {
 public:
  TestJob(JobClass job_class, size_t chunks, std::function<void(size_t)> run)
      : job_class_(job_class), chunks_(chunks), run_(std::move(run)) {}

  JobClass job_class() const override { return job_class_; }
  size_t chunk_count() const override { return chunks_; }
  void RunChunk(size_t chunk) override {
    ++chunks_run;
    run_(chunk);
  }
  void Done(const absl::Status& status) override {
    ++done_calls;
    {
      MutexLock lock(mutex_);
      status_ = status;
    }
    // Last, as the test may then delete the job.
    done_.Open();
  }
  absl::Time deadline() const override { return deadline_; }

  bool WaitUntilDone() { return done_.Wait(); }
  absl::Status status() {
    MutexLock lock(mutex_);
    return status_;
  }
  void set_deadline(absl::Time deadline) { deadline_ = deadline; }

  std::atomic<size_t> chunks_run = 0;
  std::atomic<int> done_calls = 0;

 private:
  const JobClass job_class_;
  const size_t chunks_;
  const std::function<void(size_t)> run_;
  absl::Time deadline_ = absl::InfiniteFuture();
  Gate done_;
  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_) = absl::UnknownError("not done");
};

void Nothing(size_t /*chunk*/) {}

void Spin(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end) {
  }
}

// Keeps one worker until released.
class Blocker {
 public:
  explicit Blocker(Scheduler& scheduler) {
    EXPECT_TRUE(scheduler.Submit(job_).ok());
    EXPECT_TRUE(started_.Wait());
  }
  ~Blocker() {
    Release();
    EXPECT_TRUE(job_.WaitUntilDone());
  }
  void Release() { release_.Open(); }

 private:
  Gate started_;
  Gate release_;
  TestJob job_{JobClass::kInteractive, 1, [this](size_t) {
                 started_.Open();
                 EXPECT_TRUE(release_.Wait());
               }};
};

class SchedulerTest : public testing::Test {
 protected:
  // A job whose chunks record their names.
  std::unique_ptr<TestJob> Named(const std::string& name, JobClass job_class, size_t chunks) {
    return std::make_unique<TestJob>(job_class, chunks,
                                     [this, name](size_t chunk) { record_.Add(absl::StrCat(name, chunk)); });
  }

  Metrics metrics_;
  Record record_;
};

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

TEST_F(SchedulerTest, CancelOfAWaitingJobRunsNothingOfIt) {
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

TEST_F(SchedulerTest, CancelOfARunningJobWaitsForItsChunkAndLeavesOutTheRest) {
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

TEST_F(SchedulerTest, CancelAfterTheLastChunkStartedHasNoEffect) {
  Scheduler scheduler(1, 10, metrics_);
  TestJob job(JobClass::kInteractive, 1, Nothing);
  EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("too early")));
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_FALSE(scheduler.Cancel(job, absl::CancelledError("too late")));
  EXPECT_TRUE(job.status().ok());
}

TEST_F(SchedulerTest, DeadlineStopsAWaitingJob) {
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

TEST_F(SchedulerTest, DeadlineStopsARunningJobBetweenChunks) {
  Scheduler scheduler(2, 10, metrics_);
  TestJob job(JobClass::kLong, 1000000, [](size_t) { Spin(absl::Microseconds(100)); });
  job.set_deadline(absl::Now() + absl::Milliseconds(20));
  ASSERT_TRUE(scheduler.Submit(job).ok());
  ASSERT_TRUE(job.WaitUntilDone());
  EXPECT_TRUE(absl::IsDeadlineExceeded(job.status()));
  EXPECT_LT(job.chunks_run, 1000000u);
}

TEST_F(SchedulerTest, DrainFinishesAcceptedJobsAndRefusesNewOnes) {
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

TEST_F(SchedulerTest, DrainCancelsWhatIsLeftAtTheDeadline) {
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

TEST_F(SchedulerTest, EveryJobIsDoneOnceWhateverIsSubmittedAndCancelledAtATime) {
  constexpr int kThreads = 4;
  constexpr int kJobs = 300;
  std::vector<std::vector<std::unique_ptr<TestJob>>> accepted(kThreads);
  {
    Scheduler scheduler(3, 20, metrics_);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        for (int i = 0; i < kJobs; ++i) {
          const auto job_class = static_cast<JobClass>(random() % 4);
          auto job = std::make_unique<TestJob>(job_class, random() % 6, [](size_t) { Spin(absl::Microseconds(5)); });
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
