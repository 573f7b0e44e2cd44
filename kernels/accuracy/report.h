// SPDX-License-Identifier: Apache-2.0
// What a measurement of a kernel's accuracy says.
#ifndef ACTBENCH_KERNELS_ACCURACY_REPORT_H_
#define ACTBENCH_KERNELS_ACCURACY_REPORT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace actbench {

// One output of a kernel and what it should be. Bits are those of the kernel's dtype.
struct InputError {
  std::array<uint64_t, 3> input_bits = {};  // x [, gate] [, dy]
  size_t output = 0;                        // 0: y or dx; 1: dgate
  uint64_t got_bits = 0;
  uint64_t expected_bits = 0;  // the correctly rounded result
  double ulp = 0;
};

// The errors over the inputs of one sign and exponent.
struct BinadeError {
  bool negative = false;
  int exponent = 0;  // floor(log2(abs(x))); zeros and subnormals: one less than that of the least normal number
  uint64_t checked = 0;
  uint64_t finite = 0;  // those whose error is finite
  double max_ulp = 0;
  double sum_ulp = 0;  // of the finite errors

  double MeanUlp() const { return finite == 0 ? 0 : sum_ulp / static_cast<double>(finite); }
};

// One row of the special-value matrix.
struct SpecialValue {
  std::string name;  // "-0", "least subnormal", "kink -3", "kink -3, next above"
  InputError error;  // of a gradient with dy = 1
};

// The words are explained at AccuracyReport of accuracy.proto.
struct AccuracyReport {
  static constexpr size_t kWorst = 10;

  uint64_t checked = 0;
  uint64_t finite = 0;  // those whose error is finite
  double max_ulp = 0;
  double sum_ulp = 0;  // of the finite errors
  uint64_t misrounded = 0;
  uint64_t wrong_nan = 0;
  uint64_t wrong_inf = 0;
  uint64_t spurious_zero = 0;
  uint64_t wrong_sign = 0;
  uint64_t falls = 0;
  uint64_t output_hash = 0;
  std::vector<InputError> worst;  // at most kWorst, the worst first
  std::vector<BinadeError> binades;
  std::vector<SpecialValue> special_values;
  uint64_t decided_by_f64 = 0;
  uint64_t decided_by_pair = 0;
  uint64_t decided_by_mpfr = 0;

  double MeanUlp() const { return finite == 0 ? 0 : sum_ulp / static_cast<double>(finite); }
};

// One input at which two kernels differ.
struct Difference {
  InputError first;
  InputError second;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REPORT_H_
