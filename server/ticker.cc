// SPDX-License-Identifier: Apache-2.0
#include "server/ticker.h"

#include <iterator>
#include <utility>

#include "absl/time/clock.h"

namespace actbench {

Ticker::Ticker(absl::Duration period) : period_(period), thread_([this] { Work(); }) {}

Ticker::~Ticker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void Ticker::Add(std::shared_ptr<Client> client) {
  MutexLock lock(mutex_);
  added_.push_back(std::move(client));
  woken_ = true;
  changed_.NotifyOne();
}

void Ticker::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyOne();
}

void Ticker::Work() {
  std::vector<std::shared_ptr<Client>> clients;
  absl::Time next = absl::InfiniteFuture();
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!woken_ && !stopping_ && absl::Now() < next) changed_.WaitUntil(mutex_, next);
      if (stopping_) return;
      woken_ = false;
      clients.insert(clients.end(), std::make_move_iterator(added_.begin()), std::make_move_iterator(added_.end()));
      added_.clear();
    }
    const absl::Time now = absl::Now();
    const bool periodic = now >= next;
    std::erase_if(clients, [periodic](const auto& client) { return !client->Tick(periodic); });
    if (clients.empty()) {
      next = absl::InfiniteFuture();
    } else if (periodic || next == absl::InfiniteFuture()) {
      next = now + period_;
    }
  }
}

}  // namespace actbench
