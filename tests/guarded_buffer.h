// SPDX-License-Identifier: Apache-2.0
// A page of memory between two that nobody may touch: who reads or writes beside it dies, in every build.
#ifndef ACTBENCH_TESTS_GUARDED_BUFFER_H_
#define ACTBENCH_TESTS_GUARDED_BUFFER_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>

namespace actbench {

class GuardedBuffer {
 public:
  GuardedBuffer() : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    memory_ = static_cast<char*>(mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory_ == MAP_FAILED || mprotect(front(), page_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  ~GuardedBuffer() { munmap(memory_, 3 * page_); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  // The page, at least 4 KiB, and its last `bytes`.
  char* front() const { return memory_ + page_; }
  char* back(size_t bytes) const { return memory_ + 2 * page_ - bytes; }

 private:
  size_t page_;
  char* memory_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_GUARDED_BUFFER_H_
