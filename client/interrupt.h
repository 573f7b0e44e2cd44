// SPDX-License-Identifier: Apache-2.0
// Ctrl-C while a server works for the command.
#ifndef ACTBENCH_CLIENT_INTERRUPT_H_
#define ACTBENCH_CLIENT_INTERRUPT_H_

#include <thread>

#include "client/cancellation.h"

namespace actbench::client {

// While one of these exists the first SIGINT cancels the calls instead of ending the process; the second ends it. Only
// one at a time.
class Interrupt {
 public:
  explicit Interrupt(Cancellation& cancellation);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  std::thread thread_;
};

// Ends the process as SIGINT does, so that a shell sees what happened (status 130, and its loops end).
[[noreturn]] void EndInterrupted();

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_INTERRUPT_H_
