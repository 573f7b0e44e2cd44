// SPDX-License-Identifier: Apache-2.0
// Rounds numbers to what narrow formats hold. Tested by study_quantizer_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_QUANTIZER_H_
#define ACTBENCH_CLIENT_STUDY_QUANTIZER_H_

#include <string>
#include <vector>

namespace actbench::client {

enum class NarrowKind { kF16, kBF16, kF8E4M3, kInteger };

// A format of tensors in networks. f16 and bf16 hold numbers as they are; those of 8 bits and less hold multiples of a
// scale that the whole tensor has.
struct NarrowFormat {
  std::string name;  // "f16", "i8"
  NarrowKind kind;
  int bits;

  bool scaled() const { return kind == NarrowKind::kF8E4M3 || kind == NarrowKind::kInteger; }
};

// f16, bf16, fp8 (e4m3) and signed integers of 8, 6, 4 and 3 bits.
const std::vector<NarrowFormat>& NarrowFormats();

// The scale with which the greatest magnitude of a tensor is the greatest number of the format: 448 in e4m3, 2^(bits
// - 1) - 1 of integers. 1 where there is none.
float ScaleFor(const NarrowFormat& format, float greatest);

// The nearest number of the format, ties to even. Beyond its range: of f16 and bf16 infinity, of scaled formats the
// greatest number. NaN stays.
float Narrowed(const NarrowFormat& format, float scale, float value);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_QUANTIZER_H_
