// SPDX-License-Identifier: Apache-2.0
// The one scheduler: runs every job of the server on its own worker threads, in chunks under 1 ms, round-robin over the
// jobs of a class. Knows no gRPC. Thread-safe. Tested by scheduler_test.cc, scheduler_queue_test.cc and
// scheduler_stop_test.cc.
#ifndef ACTBENCH_SERVER_SCHEDULER_H_
#define ACTBENCH_SERVER_SCHEDULER_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job_class.h"
#include "server/metrics.h"
#include "server/mutex.h"

namespace actbench {

// A piece of work, cut into chunks that any worker may run in any order, several at a time.
class Job {
 public:
  virtual ~Job() = default;

  virtual JobClass job_class() const = 0;
  // May grow while a chunk of the job runs, never shrink: the job is finished when all chunks that there are have run.
  // Called at any time, on any thread, with the scheduler's mutex.
  virtual size_t chunk_count() const = 0;
  // Runs one chunk, in under 1 ms unless the job is exclusive (then under 250 ms). Called by any worker; of an
  // exclusive job one call at a time, in order.
  virtual void RunChunk(size_t chunk) = 0;
  // Called once, by a worker (or by Cancel or Drain, or by Submit for a job that is brief or has no chunks), when no
  // chunk runs any more: OK, or CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE with the chunks not yet started left out.
  virtual void Done(const absl::Status& status) = 0;

  // Looked at when it is the job's turn: who wants a job that waits for others to end at once calls Cancel, as gRPC's
  // calls do.
  virtual absl::Time deadline() const { return absl::InfiniteFuture(); }
  // Whether all of it takes so little that Submit should rather run it than wake a worker that sleeps.
  virtual bool is_brief() const { return false; }

 private:
  friend class Scheduler;
  // All guarded by the scheduler's mutex.
  size_t next_chunk_ = 0;
  size_t running_chunks_ = 0;
  bool queued_ = false;  // accepted, with chunks that have not started
  std::chrono::steady_clock::time_point accepted_;
  absl::Status status_;
  absl::Status stop_;  // why no more chunks may be added
};

// Jobs of a class take turns, chunk by chunk, but exclusive ones come one after the other, and of the long ones two run
// at a time. A class starts a chunk only when no chunk of a more urgent one is waiting, with three exceptions:
//   - long work gets an eighth of the time beside interactive work that never pauses, or exclusive work that does not;
//   - an exclusive job waits for interactive work no longer than a turn at a time;
//   - background work stands still while an exclusive job exists.
class Scheduler {
 public:
  // How long interactive work may keep an exclusive job waiting: as long as an exclusive chunk may keep it waiting.
  static constexpr std::chrono::milliseconds kInteractiveTurn{250};
  // Long jobs at a time: with more each would take longer, and all together as long, and more memory.
  static constexpr size_t kLongAtATime = 2;

  // Of each class at most `queue_length` jobs wait for their first chunk; `metrics` must outlive the scheduler. Throws
  // std::system_error if there cannot be so many threads.
  Scheduler(int threads, size_t queue_length, Metrics& metrics,
            std::chrono::milliseconds interactive_turn = kInteractiveTurn);
  // Cancels what is left, with UNAVAILABLE.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Accepts `job`, which must stay alive until its Done was called (which may delete it). RESOURCE_EXHAUSTED if too
  // many are waiting, UNAVAILABLE after Drain; Done is then not called. Never waits. Where a worker sleeps and it is
  // the job's turn, a brief one is run and done when this returns: the caller's thread then counts as that worker,
  // since waking it takes longer than the job.
  absl::Status Submit(Job& job);

  // Leaves out the chunks that have not started; `why` is what Done gets. Returns false if there are none: if all have
  // started (no more will then be added), or the job is done, or was never submitted.
  bool Cancel(Job& job, absl::Status why);

  // How many jobs of its class come before this one gets its first chunk; nothing if that has started.
  std::optional<size_t> Place(const Job& job) const;

  // Accepts nothing more and waits until all jobs are done, or until `deadline`; what is left then is cancelled with
  // UNAVAILABLE. Background jobs, for whose result no one waits, are cancelled at once. Returns, when every Done has
  // returned, whether no other job had to be cancelled. Not to be called by a job.
  bool Drain(absl::Time deadline);

  struct Counts {
    PerClass<size_t> waiting;  // jobs whose first chunk has not started
    size_t unfinished;         // jobs whose Done has not returned, the waiting ones included
    size_t busy;               // threads that run something, at most threads()
  };
  Counts counts() const;
  size_t threads() const { return threads_; }
  size_t queue_length() const { return queue_length_; }

 private:
  using Queue = std::deque<Job*>;
  using Clock = std::chrono::steady_clock;

  void Work();
  void StopWorkers();
  // Runs a chunk, or drops an expired job. Returns false if nothing may run now. Lets go of the mutex meanwhile.
  bool RunOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunChunk(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The class whose turn it is.
  std::optional<JobClass> NextClass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What follows the end of a chunk, given how long it took.
  void EndExclusive(Clock::duration elapsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndChunk(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Account(JobClass job_class, Clock::duration elapsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t Unfinished() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t UnfinishedRequests() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);  // without background jobs
  bool AnyQueued() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Long jobs of which chunks may run.
  size_t LongAdmitted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lets long jobs begin for which there is room.
  void AdmitLong() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Puts `job` where its next turn is.
  void Enqueue(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes `job` from its queue for good. Its Done is called here if no chunk of it runs, else after the last.
  void Drop(Job& job, absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls Done, without the mutex. `job` may be gone afterwards.
  void Finish(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t threads_;  // that run something at a time
  const size_t queue_length_;
  const Clock::duration interactive_turn_;
  Metrics& metrics_;

  mutable Mutex mutex_;
  Condition work_;  // something may run
  Condition idle_;  // no job of some class is unfinished
  // Jobs with chunks that have not started, next turn first.
  PerClass<Queue> queues_ ABSL_GUARDED_BY(mutex_);
  Queue held_ ABSL_GUARDED_BY(mutex_);  // long jobs that come after those of queues_
  PerClass<size_t> waiting_ ABSL_GUARDED_BY(mutex_);
  PerClass<size_t> unfinished_ ABSL_GUARDED_BY(mutex_);
  size_t busy_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t sleeping_ ABSL_GUARDED_BY(mutex_) = 0;
  const Job* running_exclusive_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;  // the time of a drain is over: no chunk starts any more
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // When exclusive work goes before interactive work.
  Clock::time_point exclusive_due_ ABSL_GUARDED_BY(mutex_);
  // Worker time that long work may take before interactive work, and before the next exclusive chunk.
  Clock::duration long_credit_ ABSL_GUARDED_BY(mutex_) = {};
  Clock::duration long_turn_ ABSL_GUARDED_BY(mutex_) = {};

  std::vector<std::thread> workers_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_SCHEDULER_H_
