// SPDX-License-Identifier: Apache-2.0
// How far apart two results of a sweep are. For the device and for the host, where sweep_distance_test.cc tests it.
#ifndef ACTBENCH_KERNELS_CUDA_SWEEP_DISTANCE_H_
#define ACTBENCH_KERNELS_CUDA_SWEEP_DISTANCE_H_

#include <algorithm>
#include <cstdint>

namespace actbench::cuda {

// The place of a number among all of its dtype; both zeros have the same.
template <class Bits>
constexpr int64_t PlaceOf(Bits bits) {
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const auto magnitude = static_cast<int64_t>(bits & static_cast<Bits>(~kSign));
  return (bits & kSign) != 0 ? -magnitude : magnitude;
}

struct SweepDistance {
  bool differ;     // in their bits, but for which NaN it is
  uint32_t steps;  // from one number of the dtype to the next; of NaN and a number 2^32 - 1, of both zeros 0
};

// `infinity` are the bits of the dtype's: what is above them is NaN.
template <class Bits>
constexpr SweepDistance DistanceOf(Bits a, Bits b, Bits infinity) {
  const int64_t place_a = PlaceOf(a);
  const int64_t place_b = PlaceOf(b);
  const bool nan_a = place_a > infinity || place_a < -static_cast<int64_t>(infinity);
  const bool nan_b = place_b > infinity || place_b < -static_cast<int64_t>(infinity);
  if (a == b || (nan_a && nan_b)) return {false, 0};
  if (nan_a != nan_b) return {true, 0xffffffffu};
  const auto steps = static_cast<uint64_t>(place_a > place_b ? place_a - place_b : place_b - place_a);
  return {true, static_cast<uint32_t>(std::min(steps, uint64_t{0xfffffffeu}))};
}

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_SWEEP_DISTANCE_H_
