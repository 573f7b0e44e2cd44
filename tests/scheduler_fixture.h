// SPDX-License-Identifier: Apache-2.0
// Jobs and what watches them, for tests of the scheduler.
#ifndef ACTBENCH_TESTS_SCHEDULER_FIXTURE_H_
#define ACTBENCH_TESTS_SCHEDULER_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/metrics.h"
#include "server/mutex.h"
#include "server/scheduler.h"
#include "tests/gate.h"

namespace actbench {

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
      : job_class_(job_class), run_(std::move(run)), chunks_(chunks) {}

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
  bool is_brief() const override { return is_brief_; }
  void set_brief() { is_brief_ = true; }
  // Adds one chunk.
  void Grow() { ++chunks_; }

  std::atomic<size_t> chunks_run = 0;
  std::atomic<int> done_calls = 0;

 private:
  const JobClass job_class_;
  const std::function<void(size_t)> run_;
  std::atomic<size_t> chunks_;
  absl::Time deadline_ = absl::InfiniteFuture();
  bool is_brief_ = false;
  Gate done_;
  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_) = absl::UnknownError("not done");
};

inline void Nothing(size_t /*chunk*/) {}

inline void Spin(absl::Duration duration) {
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

}  // namespace actbench

#endif  // ACTBENCH_TESTS_SCHEDULER_FIXTURE_H_
