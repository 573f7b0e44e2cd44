// SPDX-License-Identifier: Apache-2.0
#include "server/serial_executor.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace actbench {

SerialExecutor::SerialExecutor(std::function<bool()> leaves_undone)
    : leaves_undone_(std::move(leaves_undone)), thread_([this] { Work(); }) {}

SerialExecutor::~SerialExecutor() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void SerialExecutor::Post(Task task) {
  MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  changed_.NotifyOne();
}

absl::Status SerialExecutor::TryPost(Task task) {
  MutexLock lock(mutex_);
  if (tasks_.size() >= kQueueLength) {
    return absl::ResourceExhaustedError(absl::StrCat(tasks_.size(),
                                                     " requests are waiting for the stored certificates, and at most ",
                                                     kQueueLength, " may; try again later"));
  }
  tasks_.push_back(std::move(task));
  changed_.NotifyOne();
  return absl::OkStatus();
}

void SerialExecutor::Work() {
  absl::Time next = absl::InfiniteFuture();
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !stopping_ && absl::Now() < next) changed_.WaitUntil(mutex_, next);
      if (tasks_.empty() && stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (task != nullptr) task();
    const bool again = leaves_undone_ != nullptr && leaves_undone_();
    next = again ? absl::Now() + kPeriod : absl::InfiniteFuture();
  }
}

}  // namespace actbench
