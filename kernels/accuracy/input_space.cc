// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/input_space.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/tally.h"

namespace actbench {
namespace {

template <class Bits>
void FillArray(Bits first, int step, size_t n, char* out) {
  Bits* bits = reinterpret_cast<Bits*>(out);
  const auto place = [](size_t i) { return static_cast<Bits>(i); };
  if (step == 0) return void(std::fill(bits, bits + n, first));
  if (step > 0) {
    for (size_t i = 0; i < n; ++i) bits[i] = static_cast<Bits>(first + place(i));
  } else {
    for (size_t i = 0; i < n; ++i) bits[i] = static_cast<Bits>(first - place(i));
  }
}

// Elements from `first` on, each `step` (-1, 0 or 1) more than the one before it in its bits.
void FillBits(Dtype dtype, uint64_t first, int step, size_t n, char* out) {
  if (SizeBytes(dtype) == 2) return FillArray(static_cast<uint16_t>(first), step, n, out);
  FillArray(static_cast<uint32_t>(first), step, n, out);
}

}  // namespace

InputSpace::InputSpace(const ActivationInfo& activation, Direction direction, Dtype dtype)
    : dtype_(dtype),
      input_count_(activation.inputs + (direction == Direction::kGradient ? 1 : 0)),
      has_upstream_(direction == Direction::kGradient),
      values_(SizeBytes(dtype) == 2 ? uint64_t{1} << 16 : uint64_t{1} << 32) {
  one_ = 0;
  StoreElement(dtype, 1, &one_);
}

absl::StatusOr<InputSpace> InputSpace::Make(const InputPlan& plan, const ActivationInfo& activation,
                                            Direction direction, Dtype dtype) {
  InputSpace space(activation, direction, dtype);
  space.block_ = kCompareBlock;
  if (const auto* sampled = std::get_if<SampledInputs>(&plan)) {
    space.sampler_.emplace(*sampled, activation, dtype);
    space.unit_upstream_ = sampled->unit_upstream;
    space.size_ = sampled->count;
    return space;
  }
  if (const auto* given = std::get_if<GivenInputs>(&plan)) {
    space.given_ = *given;
    space.size_ = given->count;
    return space;
  }
  const bool two_bytes = SizeBytes(dtype) == 2;
  const bool all_upstream =
      direction == Direction::kGradient && two_bytes && !std::get<ExhaustiveInputs>(plan).unit_upstream;
  space.variables_ = activation.inputs + (all_upstream ? 1 : 0);
  if (dtype == Dtype::kF64 || space.variables_ > (two_bytes ? 2 : 1)) {
    const std::string inputs = space.variables_ == 1 ? "" : absl::StrCat(" in each of ", space.variables_, " inputs");
    return absl::InvalidArgumentError(absl::StrCat(
        "exhaustive inputs: ", std::string(Name(dtype)), " has 2^", 8 * SizeBytes(dtype), " values", inputs,
        "; up to 2^32 inputs are measured exhaustively (f32 of one input, f16 and bf16 of two): use "
        "sampled inputs"));
  }
  space.size_ = space.variables_ == 1 ? space.values_ : space.values_ * space.values_;
  if (space.variables_ == 1) {
    space.block_ = std::min(kCompareBlock, size_t{1} << (Info(dtype).precision - 1));
  }
  return space;
}

std::array<uint64_t, 3> InputSpace::At(uint64_t index) const {
  std::array<uint64_t, 3> bits = {one_, one_, one_};
  for (size_t i = input_count_; i < bits.size(); ++i) bits[i] = 0;
  if (given_.has_value()) {
    for (size_t i = 0; i < input_count_; ++i) {
      bits[i] = LoadBits(dtype_, static_cast<const char*>(given_->inputs[i]) + index * SizeBytes(dtype_));
    }
  } else if (sampler_.has_value()) {
    // dy is 1 in every fourth.
    const bool unit_upstream = unit_upstream_ || index % 4 == 0;
    for (size_t i = 0; i < input_count_; ++i) {
      const bool upstream = has_upstream_ && i + 1 == input_count_;
      if (!upstream || !unit_upstream) bits[i] = sampler_->Draw(index, i);
    }
  } else if (variables_ == 1) {
    bits[0] = BitsOfOrdinal(index, dtype_);
  } else {
    bits[0] = BitsOfOrdinal(index / values_, dtype_);
    bits[1] = BitsOfOrdinal(index % values_, dtype_);
  }
  return bits;
}

void InputSpace::Fill(uint64_t start, size_t n, char* const* arrays) const {
  const size_t size = SizeBytes(dtype_);
  if (!exhaustive()) {
    for (size_t i = 0; i < n; ++i) {
      const std::array<uint64_t, 3> bits = At(start + i);
      for (size_t k = 0; k < input_count_; ++k) std::memcpy(arrays[k] + i * size, &bits[k], size);
    }
    return;
  }
  const std::array<uint64_t, 3> first = At(start);
  const size_t inner = variables_ - 1;
  for (size_t k = 0; k < input_count_; ++k) {
    // In a block the sign is one, so that the bits rise or fall.
    const uint64_t ordinal = variables_ == 1 ? start : start % values_;
    const int step = k != inner ? 0 : ordinal >= values_ / 2 ? 1 : -1;
    FillBits(dtype_, first[k], step, n, arrays[k]);
  }
}

}  // namespace actbench
