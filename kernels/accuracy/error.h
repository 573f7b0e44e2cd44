// SPDX-License-Identifier: Apache-2.0
// The error of a kernel's results against the activation's definition. Tested by error_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_ERROR_H_
#define ACTBENCH_KERNELS_ACCURACY_ERROR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/tally.h"
#include "kernels/activation_info.h"
#include "kernels/kernel.h"

namespace actbench {

// Errors in ulp of the exact result, as UlpError has them. Everything counts infinity where a definition fails.
struct ErrorReport {
  double max_ulp = 0;
  double sum_ulp = 0;
  double worst_input = 0;   // x of the first element with the largest error
  uint64_t worst_bits = 0;  // its bits
  size_t worst_index = 0;
  size_t checked = 0;

  double MeanUlp() const { return checked == 0 ? 0 : sum_ulp / static_cast<double>(checked); }
};

// The report of the elements of both.
ErrorReport Merge(const ErrorReport& a, const ErrorReport& b);

// Compares outputs of one activation with its definition. Immutable, so thread-safe.
class ErrorMeter {
 public:
  // `activation` is one of AllActivations(); `parameters` as ResolveParameters gives them.
  ErrorMeter(const ActivationInfo& activation, Direction direction, Dtype dtype, const std::vector<double>& parameters);
  // The same for any activation of `input_count` inputs (x [, gate]).
  ErrorMeter(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
             const std::vector<double>& parameters);

  // Compares elements [begin, end) of output number `output_number` (0: y or dx; 1: dgate). `inputs` as a kernel takes
  // them, all buffers of the dtype and with any alignment. About 20 ns an element, but 10 to 100 us in f64 and where
  // the definition takes MPFR.
  ErrorReport Measure(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end,
                      size_t output_number = 0) const;
  // Adds the same elements to `tally`, which tells kinds of errors apart, and the error of each, in ulp, to `errors`
  // unless that is null.
  void AddTo(Tally& tally, std::vector<double>* errors, absl::Span<const void* const> inputs, const void* output,
             size_t begin, size_t end, size_t output_number = 0) const;

 private:
  // Calls visit(i, got, exact) for each element.
  template <class Visit>
  void ForEach(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end, size_t output_number,
               const Visit& visit) const;

  std::vector<Reference> references_;  // one for each output
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_ERROR_H_
