// SPDX-License-Identifier: Apache-2.0
// Images of handwritten digits, which are part of the program: tests/data/README.md says where they are from. Tested by
// study_digits_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_DIGITS_H_
#define ACTBENCH_CLIENT_STUDY_DIGITS_H_

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace actbench::client {

inline constexpr int kPixels = 64;   // of an image: 8 x 8
inline constexpr int kClasses = 10;  // 0 to 9

struct Images {
  Eigen::MatrixXf pixels;       // a column for each image
  std::vector<uint8_t> labels;  // of each image
};

struct Digits {
  Images train;
  Images held_out;  // every fifth, from the first on
};

// Pixels have mean 0 and deviation 1 over all images that are trained with.
Digits LoadDigits();

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_DIGITS_H_
