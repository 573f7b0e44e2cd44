// SPDX-License-Identifier: Apache-2.0
// The memory that a benchmark case is timed with. Tested by case_run_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_CASE_BUFFERS_H_
#define ACTBENCH_KERNELS_MEASURE_CASE_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/measure/benchmark_case.h"

namespace actbench {

// Inputs, filled, and outputs, which a case on a device has there alone; all touched, so that no page is missing. Each
// begins at a multiple of 64 bytes of a page that `layout_seed` decides: how buffers lie to each other changes times by
// some percent, so that one place that is always the same would favour some kernel.
class CaseBuffers {
 public:
  // RESOURCE_EXHAUSTED if there is no such memory.
  static absl::StatusOr<CaseBuffers> Make(const BenchmarkCase& benchmark, uint64_t layout_seed);

  // Of a call. In place an output is an input.
  absl::Span<const void* const> inputs() const { return inputs_; }
  absl::Span<void* const> outputs() const { return outputs_; }

  // Gives inputs that a call in place replaced their values again.
  void Restore() const;
  // Takes all lines of the buffers out of all caches, where this processor lets a program do that.
  static bool CanEvict();
  void Evict() const;
  // What moving x to y takes: the ceiling of what a kernel can do. Bytes [begin, end).
  void Copy(size_t begin, size_t end) const;

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  struct Buffer {
    std::unique_ptr<char, Free> memory;
    char* data = nullptr;
  };

  explicit CaseBuffers(size_t bytes) : bytes_(bytes) {}

  size_t bytes_;  // of each
  std::vector<Buffer> buffers_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  std::vector<const char*> originals_;  // of the outputs that are inputs
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_CASE_BUFFERS_H_
