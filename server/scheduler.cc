// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace actbench {
namespace {

// How long interactive work may keep an exclusive job waiting: as long as an exclusive chunk may keep interactive work.
constexpr std::chrono::milliseconds kInteractiveTurn(250);
// Long work gets 1 / (1 + this) of the time beside interactive work.
constexpr int kInteractivePerLong = 7;
// What a chunk is booked as: the longest it should take.
constexpr std::chrono::milliseconds kChunk(1);

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping and takes no new work; try another one, or again later");
}

}  // namespace

Scheduler::Scheduler(int threads, size_t queue_length, Metrics& metrics)
    : queue_length_(queue_length), metrics_(metrics) {
  const size_t count = static_cast<size_t>(std::max(threads, 1));
  workers_.reserve(count);
  try {
    for (size_t i = 0; i < count; ++i) workers_.emplace_back([this] { Work(); });
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
  if (job.chunk_count() == 0) {
    ++unfinished_;
    Finish(job);
    return absl::OkStatus();
  }
  if (waiting_ >= queue_length_) {
    return absl::ResourceExhaustedError(absl::StrCat("the queue is full: ", waiting_,
                                                     " requests are waiting, and at most ", queue_length_,
                                                     " may (--max_queue_length); try again later"));
  }
  const JobClass job_class = job.job_class();
  Queue& queue = QueueOf(job_class);
  if (job_class == JobClass::kExclusive && queue.empty() && !exclusive_runs_) exclusive_due_ = now + kInteractiveTurn;
  job.accepted_ = now;
  job.queued_ = true;
  queue.push_back(&job);
  ++waiting_;
  ++unfinished_;
  if (sleeping_ > 0) work_.NotifyOne();
  return absl::OkStatus();
}

bool Scheduler::Cancel(Job& job, absl::Status why) {
  MutexLock lock(mutex_);
  if (!job.queued_) return false;
  Drop(job, std::move(why));
  return true;
}

std::optional<size_t> Scheduler::Place(const Job& job) const {
  MutexLock lock(mutex_);
  if (!job.queued_ || job.next_chunk_ > 0) return std::nullopt;
  const size_t own = static_cast<size_t>(job.job_class());
  size_t place = 0;
  for (size_t i = 0; i < own; ++i) place += queues_[i].size();
  const auto position = std::find(queues_[own].begin(), queues_[own].end(), &job);
  return place + static_cast<size_t>(position - queues_[own].begin());
}

bool Scheduler::Drain(absl::Time deadline) {
  MutexLock lock(mutex_);
  accepting_ = false;
  while (unfinished_ > 0 && absl::Now() < deadline) idle_.WaitUntil(mutex_, deadline);
  const bool finished = unfinished_ == 0;
  for (Queue& queue : queues_) {
    while (!queue.empty()) Drop(*queue.front(), absl::UnavailableError("the server stopped before the work was done"));
  }
  while (unfinished_ > 0) idle_.Wait(mutex_);
  return finished;
}

Scheduler::Counts Scheduler::counts() const {
  MutexLock lock(mutex_);
  return {waiting_, unfinished_, busy_};
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
  Job& job = *QueueOf(*job_class).front();
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
  Queue& queue = QueueOf(job_class);
  queue.pop_front();
  const size_t chunk = job.next_chunk_++;
  const bool first = chunk == 0;
  const Clock::time_point accepted = job.accepted_;
  if (first) --waiting_;
  job.queued_ = job.next_chunk_ < job.chunk_count();
  if (job.queued_) queue.push_back(&job);
  ++job.running_chunks_;
  ++busy_;
  exclusive_runs_ = job_class == JobClass::kExclusive;
  const bool more = std::any_of(queues_.begin(), queues_.end(), [](const Queue& q) { return !q.empty(); });
  // Each worker that starts wakes the next, so that Submit wakes only one.
  if (more && sleeping_ > 0 && !exclusive_runs_) work_.NotifyOne();

  mutex_.Unlock();
  const Clock::time_point start = Clock::now();
  job.RunChunk(chunk);
  const Clock::duration elapsed = Clock::now() - start;
  if (first) metrics_.ObserveQueueWait(absl::FromChrono(start - accepted));
  metrics_.WorkerBusy(absl::FromChrono(elapsed));
  mutex_.Lock();

  Account(job_class, elapsed);
  --job.running_chunks_;
  if (job.running_chunks_ == 0 && !job.queued_) Finish(job);
  // Only now: what Done does would disturb an exclusive chunk too.
  --busy_;
}

std::optional<JobClass> Scheduler::NextClass() {
  if (exclusive_runs_) return std::nullopt;
  const bool interactive = !QueueOf(JobClass::kInteractive).empty();
  const bool is_long = !QueueOf(JobClass::kLong).empty();
  if (!QueueOf(JobClass::kExclusive).empty()) {
    if (interactive && Clock::now() < exclusive_due_) return JobClass::kInteractive;
    // The worker that ends the last running chunk comes by here next.
    return busy_ == 0 ? std::optional(JobClass::kExclusive) : std::nullopt;
  }
  if (interactive && is_long && long_credit_ >= kChunk) {
    long_credit_ -= kChunk;
    return JobClass::kLong;
  }
  if (interactive) return JobClass::kInteractive;
  if (is_long) return JobClass::kLong;
  if (!QueueOf(JobClass::kBackground).empty()) return JobClass::kBackground;
  return std::nullopt;
}

void Scheduler::Account(JobClass job_class, Clock::duration elapsed) {
  if (job_class == JobClass::kExclusive) {
    exclusive_runs_ = false;
    exclusive_due_ = Clock::now() + kInteractiveTurn;
  } else if (job_class == JobClass::kInteractive && !QueueOf(JobClass::kLong).empty()) {
    // Capped, so that a pause in the turns of long work is not followed by a burst.
    long_credit_ = std::min<Clock::duration>(long_credit_ + elapsed / kInteractivePerLong, 2 * kChunk);
  }
}

void Scheduler::Drop(Job& job, absl::Status why) {
  Queue& queue = QueueOf(job.job_class());
  queue.erase(std::find(queue.begin(), queue.end(), &job));
  job.queued_ = false;
  job.status_ = std::move(why);
  const bool started = job.next_chunk_ > 0;
  if (!started) --waiting_;
  metrics_.CancelledWork(started ? WorkStage::kRunning : WorkStage::kQueued);
  if (job.running_chunks_ == 0) Finish(job);
  // It may have kept others from running, as an exclusive job does.
  if (sleeping_ > 0) work_.NotifyAll();
}

void Scheduler::Finish(Job& job) {
  mutex_.Unlock();
  job.Done(job.status_);
  mutex_.Lock();
  if (--unfinished_ == 0) idle_.NotifyAll();
}

}  // namespace actbench
