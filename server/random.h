// SPDX-License-Identifier: Apache-2.0
// Random numbers by counting: number n of the sequence is Mix(n).
#ifndef ACTBENCH_SERVER_RANDOM_H_
#define ACTBENCH_SERVER_RANDOM_H_

#include <cstdint>

namespace actbench {

// SplitMix64. Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators".
inline uint64_t Mix(uint64_t counter) {
  uint64_t z = (counter + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Uniform in [0, 1), from uniform bits.
inline double ToUnit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace actbench

#endif  // ACTBENCH_SERVER_RANDOM_H_
