// SPDX-License-Identifier: Apache-2.0
// A thread that looks after calls in progress, apart from gRPC's threads, of which there are few, and from the workers.
// Thread-safe. Tested by ticker_test.cc.
#ifndef ACTBENCH_SERVER_TICKER_H_
#define ACTBENCH_SERVER_TICKER_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/mutex.h"

namespace actbench {

class Ticker {
 public:
  class Client {
   public:
    virtual ~Client() = default;
    // Called by the ticker's thread. `periodic`: whether a period is over, else something was added or woke it. Returns
    // whether to call again.
    virtual bool Tick(bool periodic) = 0;
  };

  // Throws std::system_error if there cannot be a thread.
  explicit Ticker(absl::Duration period);
  // No client is called after this.
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // Calls `client` soon and then each period, until it wants no more; shares it until then.
  void Add(std::shared_ptr<Client> client);
  // Calls all clients soon.
  void Wake();

 private:
  void Work();

  const absl::Duration period_;
  Mutex mutex_;
  Condition changed_;
  std::vector<std::shared_ptr<Client>> added_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses the others
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_TICKER_H_
