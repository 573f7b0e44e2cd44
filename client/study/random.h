// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same with every compiler and library. Tested by study_network_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_RANDOM_H_
#define ACTBENCH_CLIENT_STUDY_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace actbench::client {

// SplitMix64 (Steele, Lea, Flood 2014). The server and the kernels' inputs have it too, each for itself: here numbers
// of published studies depend on it, so that no change there may change these.
class RandomStream {
 public:
  // Another `stream` of the same seed has nothing to do with this one.
  RandomStream(uint64_t seed, uint64_t stream) : state_(Mix(seed) ^ Mix(~stream)) {}

  uint64_t Bits() { return Mix(state_ += kStep); }
  // In [0, 1), a multiple of 2^-53.
  double Fraction() { return static_cast<double>(Bits() >> 11) * 0x1p-53; }
  double Uniform(double from, double to) { return from + (to - from) * Fraction(); }

  template <class T>
  void Shuffle(std::vector<T>& values) {
    for (size_t left = values.size(); left > 1; --left) {
      std::swap(values[left - 1], values[static_cast<size_t>(Fraction() * static_cast<double>(left))]);
    }
  }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15u;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_RANDOM_H_
