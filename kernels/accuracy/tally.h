// SPDX-License-Identifier: Apache-2.0
// Adds up the errors of a kernel's outputs. Tested by tally_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_TALLY_H_
#define ACTBENCH_KERNELS_ACCURACY_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/report.h"
#include "kernels/dtype.h"

namespace actbench {

// A number's place among all of its dtype in ascending order: NaNs with the sign bit, -infinity, ..., -0, +0, ...,
// +infinity, NaNs.
uint64_t OrdinalOf(uint64_t bits, Dtype dtype);
uint64_t BitsOfOrdinal(uint64_t ordinal, Dtype dtype);

// One compared output: what an InputError holds, with the decoded numbers.
struct Outcome {
  InputError error;
  double got;
  double expected;
  bool misrounded;
};
// `got_bits` against `exact`, at the input with these bits. Of a zero the sign counts too.
Outcome Compare(const std::array<uint64_t, 3>& input_bits, size_t output, uint64_t got_bits, const ExactResult& exact,
                Dtype dtype);

// The worst outcomes, the worst first, and of equal ones those of the least inputs. At most AccuracyReport::kWorst, and
// none below kLeast: a tail in which errors rise from 2^-500 ulp on would otherwise be a list of worst inputs all
// along.
class WorstList {
 public:
  static constexpr double kLeast = 0x1p-10;

  explicit WorstList(Dtype dtype) : dtype_(dtype) {}
  void Add(const InputError& error);
  void Merge(const WorstList& other);
  const std::vector<InputError>& errors() const { return errors_; }

 private:
  bool IsWorse(const InputError& a, const InputError& b) const;

  Dtype dtype_;
  std::vector<InputError> errors_;
};

// The largest errors as the first stage estimates them, and of equal ones those of the least places, as many as a
// WorstList has: they decide which inputs are looked at more closely, before it is known what they really are. So
// neither a plateau of equal errors is looked at as a whole, nor a rising slope. Each output has a place of its own, in
// the order of the inputs.
class LargestEstimates {
 public:
  void Add(double ulp, uint64_t place);
  void Merge(const LargestEstimates& other);
  bool Contains(uint64_t place) const;
  // From `place` on an estimate must be above this to get in.
  double Threshold(uint64_t place) const;

 private:
  struct Estimate {
    double ulp;
    uint64_t place;
  };
  static bool IsWorse(const Estimate& a, const Estimate& b);
  bool is_full() const { return estimates_.size() == AccuracyReport::kWorst; }

  std::vector<Estimate> estimates_;  // the worst first
};

// Everything else of a report.
class Tally {
 public:
  explicit Tally(Dtype dtype);

  void Add(const Outcome& outcome, Stage stage);
  // `count` outputs, all with x of this binade, that a block comparison found good.
  void AddBlock(uint64_t x_bits, uint64_t count, const CompareResult& result);
  void AddRightNaNs(uint64_t count);
  void AddFalls(uint64_t falls) { report_.falls += falls; }
  void AddHash(uint64_t hash) { report_.output_hash += hash; }
  void Merge(const Tally& other);

  // Without the worst inputs and the special values.
  AccuracyReport Report() const;

 private:
  BinadeError& BinadeOf(uint64_t x_bits);

  Dtype dtype_;
  AccuracyReport report_;
  std::vector<BinadeError> binades_;  // by sign and biased exponent
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_TALLY_H_
