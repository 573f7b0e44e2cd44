// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <algorithm>
#include <numeric>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace actbench {
namespace {

// Long work gets one part of so many, beside other work that never pauses.
constexpr int kLongShare = 8;
// What it may save up, so that a pause in its turns is not followed by a burst: the longest that a chunk should take.
constexpr std::chrono::milliseconds kMostCredit(1);

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping and takes no new work; try another one, or again later");
}

absl::Status Stopped() { return absl::UnavailableError("the server stopped before the work was done"); }

}  // namespace

Scheduler::Scheduler(int threads, size_t queue_length, Metrics& metrics, std::chrono::milliseconds interactive_turn)
    : threads_(static_cast<size_t>(std::max(threads, 1))),
      queue_length_(queue_length),
      interactive_turn_(interactive_turn),
      metrics_(metrics) {
  workers_.reserve(threads_);
  try {
    for (size_t i = 0; i < threads_; ++i) workers_.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {
    StopWorkers();
    throw;
  }
}

Scheduler::~Scheduler() {
  Drain(absl::InfinitePast());
  StopWorkers();
}

void Scheduler::StopWorkers() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
}

absl::Status Scheduler::Submit(Job& job) {
  const Clock::time_point now = Clock::now();
  MutexLock lock(mutex_);
  if (!accepting_) return Stopping();
  const JobClass job_class = job.job_class();
  if (job.chunk_count() == 0) {
    ++unfinished_[job_class];
    Finish(job);
    return absl::OkStatus();
  }
  if (waiting_[job_class] >= queue_length_) {
    return absl::ResourceExhaustedError(absl::StrCat("the queue is full: ", waiting_[job_class],
                                                     " requests are waiting, and at most ", queue_length_,
                                                     " may (--max_queue_length); try again later"));
  }
  if (job_class == JobClass::kExclusive && queues_[job_class].empty() && running_exclusive_ == nullptr) {
    exclusive_due_ = now + interactive_turn_;
  }
  job.accepted_ = now;
  job.queued_ = true;
  job.stop_ = absl::OkStatus();
  const bool is_held = job_class == JobClass::kLong && LongAdmitted() >= kLongAtATime;
  (is_held ? held_ : queues_[job_class]).push_back(&job);
  ++waiting_[job_class];
  ++unfinished_[job_class];
  if (is_held) return absl::OkStatus();
  if (sleeping_ > 0 && job.is_brief() && NextClass() == job_class && queues_[job_class].front() == &job) {
    RunChunk(job);
    // Whoever looked for work meanwhile may have found as many threads busy as may be.
    if (sleeping_ > 0 && AnyQueued()) work_.NotifyOne();
  } else if (sleeping_ > 0) {
    work_.NotifyOne();
  }
  return absl::OkStatus();
}

size_t Scheduler::Unfinished() const { return std::accumulate(unfinished_.begin(), unfinished_.end(), size_t{0}); }

size_t Scheduler::UnfinishedRequests() const { return Unfinished() - unfinished_[JobClass::kBackground]; }

size_t Scheduler::LongAdmitted() const { return unfinished_[JobClass::kLong] - held_.size(); }

void Scheduler::AdmitLong() {
  while (!held_.empty() && LongAdmitted() < kLongAtATime) {
    queues_[JobClass::kLong].push_back(held_.front());
    held_.pop_front();
    if (sleeping_ > 0) work_.NotifyOne();
  }
}

bool Scheduler::AnyQueued() const {
  return std::any_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return !queue.empty(); });
}

bool Scheduler::Cancel(Job& job, absl::Status why) {
  MutexLock lock(mutex_);
  if (!job.queued_) {
    job.stop_ = std::move(why);
    return false;
  }
  Drop(job, std::move(why));
  return true;
}

std::optional<size_t> Scheduler::Place(const Job& job) const {
  MutexLock lock(mutex_);
  if (!job.queued_ || job.next_chunk_ > 0) return std::nullopt;
  const auto held = std::find(held_.begin(), held_.end(), &job);
  if (held != held_.end()) return LongAdmitted() + static_cast<size_t>(held - held_.begin());
  const Queue& queue = queues_[job.job_class()];
  const auto place = static_cast<size_t>(std::find(queue.begin(), queue.end(), &job) - queue.begin());
  // One that runs what may not be its last chunk is not in the queue.
  const bool another_runs = job.job_class() == JobClass::kExclusive && running_exclusive_ != nullptr &&
                            std::find(queue.begin(), queue.end(), running_exclusive_) == queue.end();
  return place + (another_runs ? 1 : 0);
}

bool Scheduler::Drain(absl::Time deadline) {
  MutexLock lock(mutex_);
  accepting_ = false;
  while (!queues_[JobClass::kBackground].empty()) Drop(*queues_[JobClass::kBackground].front(), Stopped());
  while (UnfinishedRequests() > 0 && absl::Now() < deadline) idle_.WaitUntil(mutex_, deadline);
  const bool finished = UnfinishedRequests() == 0;
  drained_ = true;
  while (!held_.empty()) Drop(*held_.front(), Stopped());
  for (Queue& queue : queues_) {
    while (!queue.empty()) Drop(*queue.front(), Stopped());
  }
  while (Unfinished() > 0) idle_.Wait(mutex_);
  return finished;
}

Scheduler::Counts Scheduler::counts() const {
  MutexLock lock(mutex_);
  return {waiting_, Unfinished(), busy_};
}

void Scheduler::Work() {
  MutexLock lock(mutex_);
  while (true) {
    if (RunOne()) continue;
    if (stopping_) return;
    ++sleeping_;
    work_.Wait(mutex_);
    --sleeping_;
  }
}

bool Scheduler::RunOne() {
  const std::optional<JobClass> job_class = NextClass();
  if (!job_class.has_value()) return false;
  Job& job = *queues_[*job_class].front();
  if (job.deadline() != absl::InfiniteFuture() && job.deadline() <= absl::Now()) {
    Drop(job, absl::DeadlineExceededError(absl::StrCat("the deadline passed when ", job.next_chunk_, " of ",
                                                       job.chunk_count(), " chunks of the work had started")));
    return true;
  }
  RunChunk(job);
  return true;
}

void Scheduler::RunChunk(Job& job) {
  const JobClass job_class = job.job_class();
  const bool exclusive = job_class == JobClass::kExclusive;
  queues_[job_class].pop_front();
  const size_t chunk = job.next_chunk_++;
  const bool first = chunk == 0;
  const Clock::time_point accepted = job.accepted_;
  if (first) --waiting_[job_class];
  job.queued_ = job.next_chunk_ < job.chunk_count();
  if (job.queued_) Enqueue(job);
  ++job.running_chunks_;
  ++busy_;
  if (exclusive) running_exclusive_ = &job;
  // Each worker that starts wakes the next, so that Submit wakes only one.
  if (sleeping_ > 0 && !exclusive && AnyQueued()) work_.NotifyOne();

  mutex_.Unlock();
  const Clock::time_point start = Clock::now();
  job.RunChunk(chunk);
  if (first) metrics_.ObserveQueueWait(job_class, absl::FromChrono(start - accepted));
  mutex_.Lock();

  if (exclusive) EndExclusive(Clock::now() - start);
  EndChunk(job);
  // Only now: what Done does would disturb an exclusive chunk too, and takes time.
  --busy_;
  const Clock::duration elapsed = Clock::now() - start;
  Account(job_class, elapsed);
  metrics_.WorkerBusy(absl::FromChrono(elapsed));
}

void Scheduler::Enqueue(Job& job) {
  Queue& queue = queues_[job.job_class()];
  if (job.job_class() == JobClass::kExclusive) {
    queue.push_front(&job);
  } else {
    queue.push_back(&job);
  }
}

std::optional<JobClass> Scheduler::NextClass() {
  if (running_exclusive_ != nullptr || drained_ || busy_ >= threads_) return std::nullopt;
  const bool interactive = !queues_[JobClass::kInteractive].empty();
  const bool is_long = !queues_[JobClass::kLong].empty();
  if (!queues_[JobClass::kExclusive].empty()) {
    if (interactive && Clock::now() < exclusive_due_) return JobClass::kInteractive;
    if (is_long && long_turn_ > Clock::duration::zero()) return JobClass::kLong;
    // The worker that ends the last running chunk comes by here next.
    return busy_ == 0 ? std::optional(JobClass::kExclusive) : std::nullopt;
  }
  if (is_long && (!interactive || long_credit_ > Clock::duration::zero())) return JobClass::kLong;
  if (interactive) return JobClass::kInteractive;
  if (!queues_[JobClass::kBackground].empty()) return JobClass::kBackground;
  return std::nullopt;
}

void Scheduler::EndExclusive(Clock::duration elapsed) {
  running_exclusive_ = nullptr;
  exclusive_due_ = Clock::now() + interactive_turn_;
  long_turn_ = elapsed * static_cast<int64_t>(threads_) / (kLongShare - 1);
  // Others need not wait for this job's Done.
  if (sleeping_ > 0) work_.NotifyAll();
}

void Scheduler::EndChunk(Job& job) {
  --job.running_chunks_;
  if (!job.queued_ && job.status_.ok() && job.next_chunk_ < job.chunk_count()) {
    if (drained_ || (!accepting_ && job.job_class() == JobClass::kBackground)) job.stop_ = Stopped();
    job.status_ = job.stop_;
    job.queued_ = job.status_.ok();
    if (job.queued_) {
      Enqueue(job);
    } else if (job.job_class() != JobClass::kBackground) {
      metrics_.CancelledWork(WorkStage::kRunning);
    }
  }
  if (job.running_chunks_ == 0 && !job.queued_) Finish(job);
}

void Scheduler::Account(JobClass job_class, Clock::duration elapsed) {
  if (job_class == JobClass::kInteractive && !queues_[JobClass::kLong].empty()) {
    long_credit_ = std::min<Clock::duration>(long_credit_ + elapsed / (kLongShare - 1), kMostCredit);
  } else if (job_class == JobClass::kLong) {
    long_turn_ = std::max(long_turn_ - elapsed, Clock::duration::zero());
    if (!queues_[JobClass::kInteractive].empty()) long_credit_ -= elapsed;
  }
}

void Scheduler::Drop(Job& job, absl::Status why) {
  std::erase(queues_[job.job_class()], &job);
  std::erase(held_, &job);
  job.queued_ = false;
  job.status_ = std::move(why);
  const bool started = job.next_chunk_ > 0;
  if (!started) --waiting_[job.job_class()];
  // Background work is no request.
  if (job.job_class() != JobClass::kBackground) {
    metrics_.CancelledWork(started ? WorkStage::kRunning : WorkStage::kQueued);
  }
  // It may have kept others from running, as an exclusive job does.
  if (sleeping_ > 0) work_.NotifyAll();
  if (job.running_chunks_ == 0) Finish(job);
}

void Scheduler::Finish(Job& job) {
  const JobClass job_class = job.job_class();
  mutex_.Unlock();
  job.Done(job.status_);
  mutex_.Lock();
  if (--unfinished_[job_class] == 0) idle_.NotifyAll();
  if (job_class == JobClass::kLong) AdmitLong();
}

}  // namespace actbench
