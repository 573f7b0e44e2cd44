// SPDX-License-Identifier: Apache-2.0
// All inputs of a measurement, numbered. Immutable, so thread-safe. Tested by input_space_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_INPUT_SPACE_H_
#define ACTBENCH_KERNELS_ACCURACY_INPUT_SPACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/status/statusor.h"
#include "kernels/accuracy/inputs.h"
#include "kernels/activation_info.h"
#include "kernels/kernel.h"

namespace actbench {

using InputPlan = std::variant<ExhaustiveInputs, SampledInputs, GivenInputs>;

// Exhaustive inputs come in ascending order: x, or x and then, for each x, the other variable.
class InputSpace {
 public:
  // INVALID_ARGUMENT if there would be more than 2^32 inputs.
  static absl::StatusOr<InputSpace> Make(const InputPlan& plan, const ActivationInfo& activation, Direction direction,
                                         Dtype dtype);

  uint64_t size() const { return size_; }
  size_t input_count() const { return input_count_; }  // x [, gate] [, dy]
  bool exhaustive() const { return !sampler_.has_value() && !given_.has_value(); }

  // Blocks of this many inputs, beginning at a multiple of it, have one sign and exponent of x if they are exhaustive.
  size_t block() const { return block_; }
  // Whether each x has all dy.
  bool upstream_varies() const { return exhaustive() && has_upstream_ && variables_ == input_count_; }
  // The bits of one input.
  std::array<uint64_t, 3> At(uint64_t index) const;
  // Inputs [start, start + n) within a block, as a kernel takes them: into one array for each.
  void Fill(uint64_t start, size_t n, char* const* arrays) const;
  // Whether an exhaustive input is the neighbour of the one before it.
  bool FollowsNeighbour(uint64_t index) const { return variables_ == 1 ? index != 0 : index % values_ != 0; }

 private:
  InputSpace(const ActivationInfo& activation, Direction direction, Dtype dtype);

  Dtype dtype_;
  size_t input_count_;
  bool has_upstream_;
  uint64_t size_ = 0;
  size_t block_ = 0;
  size_t variables_ = 1;  // how many inputs take all values; the others are 1
  uint64_t values_;       // of the dtype
  uint64_t one_;          // the bits of 1
  std::optional<Sampler> sampler_;
  bool unit_upstream_ = false;  // of samples
  std::optional<GivenInputs> given_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_INPUT_SPACE_H_
