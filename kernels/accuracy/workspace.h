// SPDX-License-Identifier: Apache-2.0
// The memory in which a measurement runs kernels: buffers for one block, of which the outputs stand between guards.
// Tested by measurement_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_WORKSPACE_H_
#define ACTBENCH_KERNELS_ACCURACY_WORKSPACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/reference_lanes.h"
#include "kernels/accuracy/tally.h"
#include "kernels/dtype.h"

namespace actbench {

// Memory for one output, with a known pattern before and behind it and, beyond that, pages that nothing may touch: a
// kernel that writes a little outside its output is found out, one that writes far outside stops the program instead of
// spoiling other memory.
class GuardedOutput {
 public:
  explicit GuardedOutput(size_t size);
  ~GuardedOutput();
  GuardedOutput(const GuardedOutput&) = delete;
  GuardedOutput& operator=(const GuardedOutput&) = delete;

  // The place for an output of `size` bytes, which ends where the guard begins.
  char* Prepare(size_t size);
  // Whether the pattern around the last place is as it was.
  bool IsIntact() const;

 private:
  char* mapping_;
  size_t mapping_size_;
  char* end_;  // of the writable part
  char* data_ = nullptr;
  size_t size_ = 0;
};

// What one thread needs for one piece. Elements lie in the dtype and, for the reference, as doubles.
struct Workspace {
  Workspace(Dtype dtype, size_t kernels, size_t outputs);

  // The results of one output of one kernel, with room for the element before the first.
  struct Results {
    explicit Results(size_t element_bytes)
        : got((kCompareBlock + 8) * element_bytes), expected(got.size()), offset(8 * element_bytes) {}
    char* got_data() { return got.data() + offset; }
    char* expected_data() { return expected.data() + offset; }

    std::vector<char> got;
    std::vector<char> expected;
    size_t offset;
  };

  std::array<std::vector<char>, 3> inputs;
  std::array<std::vector<double>, 3> wide_inputs;
  std::vector<double> value;
  std::vector<double> error;
  std::vector<std::optional<Line>> lines;               // of the blocks of the piece; nothing where there is none
  bool follows_line = false;                            // whether value and error of the block do
  std::vector<std::unique_ptr<GuardedOutput>> guarded;  // by kernel, then output
  std::vector<Results> results;                         // likewise
  std::vector<Tally> tallies;                           // by kernel
  std::vector<WorstList> worst;                         // by kernel; of this piece
  std::vector<LargestEstimates> estimates;              // by kernel; of all pieces before, and this one
  LargestEstimates differences;                         // of two kernels, likewise
  CompareResult compared;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_WORKSPACE_H_
