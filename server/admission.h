// SPDX-License-Identifier: Apache-2.0
// The budget for the memory of requests in work. Thread-safe. Tested by admission_test.cc and server_test.cc.
#ifndef ACTBENCH_SERVER_ADMISSION_H_
#define ACTBENCH_SERVER_ADMISSION_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"

namespace actbench {

class ByteBudget {
 public:
  explicit ByteBudget(int64_t limit) : limit_(limit) {}

  // RESOURCE_EXHAUSTED, with the limit, if there is no room for `bytes`. Otherwise Release must follow.
  absl::Status Reserve(int64_t bytes);
  void Release(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t limit() const { return limit_; }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_ = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ADMISSION_H_
