// SPDX-License-Identifier: Apache-2.0
#include "client/interrupt.h"

#include <semaphore.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace actbench::client {
namespace {

// What a signal handler may use: sem_post and lock-free atomics.
sem_t g_wake;
std::atomic<bool> g_interrupted;
static_assert(std::atomic<bool>::is_always_lock_free);
struct sigaction g_former;

void OnInterrupt(int /*signal*/) {
  g_interrupted = true;
  ::sem_post(&g_wake);
}

}  // namespace

Interrupt::Interrupt(Cancellation& cancellation) {
  g_interrupted = false;
  ::sem_init(&g_wake, /*pshared=*/0, 0);
  thread_ = std::thread([&cancellation] {
    while (::sem_wait(&g_wake) != 0) {
    }
    if (g_interrupted) cancellation.Cancel();
  });
  ::sigaction(SIGINT, nullptr, &g_former);
  if (g_former.sa_handler == SIG_IGN) return;  // as in the background of a script
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &action, nullptr);
}

Interrupt::~Interrupt() {
  ::sigaction(SIGINT, &g_former, nullptr);
  ::sem_post(&g_wake);
  thread_.join();
  ::sem_destroy(&g_wake);
}

void EndInterrupted() {
  std::cout.flush();
  std::signal(SIGINT, SIG_DFL);
  std::raise(SIGINT);
  std::_Exit(128 + SIGINT);  // where SIGINT is blocked
}

}  // namespace actbench::client
