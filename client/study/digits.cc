// SPDX-License-Identifier: Apache-2.0
#include "client/study/digits.h"

#include <cmath>
#include <cstddef>

// The files as they are, in the program's read-only data.
#define ACTBENCH_EMBED(name, file)                                                                               \
  asm(".section .rodata, \"a\"\n.balign 64\n.global " #name "\n" #name ":\n.incbin \"" file "\"\n.global " #name \
      "_end\n" #name "_end:\n.byte 0\n.previous\n")
ACTBENCH_EMBED(actbench_digits_images, ACTBENCH_DIGITS_IMAGES);
ACTBENCH_EMBED(actbench_digits_labels, ACTBENCH_DIGITS_LABELS);
#undef ACTBENCH_EMBED

extern "C" {
extern const uint8_t actbench_digits_images[];  // NOLINT(readability-identifier-naming): the assembler's names
extern const uint8_t actbench_digits_images_end[];
extern const uint8_t actbench_digits_labels[];
extern const uint8_t actbench_digits_labels_end[];
}

namespace actbench::client {
namespace {

constexpr size_t kHeldOut = 5;  // one of so many

// The elements of a .npy file of version 1.0 (client/npy.h) in uint8.
const uint8_t* Elements(const uint8_t* file) {
  constexpr size_t kHeader = 10;
  return file + kHeader + file[8] + 256 * size_t{file[9]};
}

// Scales the pixels by the mean and deviation of those that are trained with.
void Standardize(Digits& digits) {
  const auto train = digits.train.pixels.cast<double>().array();
  const double mean = train.mean();
  const double deviation = std::sqrt((train - mean).square().mean());
  for (Eigen::MatrixXf* pixels : {&digits.train.pixels, &digits.held_out.pixels}) {
    *pixels = ((pixels->cast<double>().array() - mean) / deviation).cast<float>().matrix();
  }
}

}  // namespace

Digits LoadDigits() {
  const uint8_t* const pixels = Elements(actbench_digits_images);
  const uint8_t* const labels = Elements(actbench_digits_labels);
  const auto count = static_cast<size_t>(actbench_digits_labels_end - labels);
  const size_t held_out = (count + kHeldOut - 1) / kHeldOut;
  Digits digits;
  digits.held_out.pixels.resize(kPixels, static_cast<Eigen::Index>(held_out));
  digits.train.pixels.resize(kPixels, static_cast<Eigen::Index>(count - held_out));
  for (size_t i = 0; i < count; ++i) {
    Images& images = i % kHeldOut == 0 ? digits.held_out : digits.train;
    const auto column = static_cast<Eigen::Index>(images.labels.size());
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      images.pixels(pixel, column) = static_cast<float>(pixels[i * kPixels + static_cast<size_t>(pixel)]);
    }
    images.labels.push_back(labels[i]);
  }
  Standardize(digits);
  return digits;
}

}  // namespace actbench::client
