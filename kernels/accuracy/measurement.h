// SPDX-License-Identifier: Apache-2.0
// Measures the accuracy of a kernel, or of two on the same inputs, in pieces that may run in any order and several at a
// time. Tested by measurement_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_H_
#define ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/accuracy/input_space.h"
#include "kernels/accuracy/report.h"
#include "kernels/activation_info.h"
#include "kernels/kernel.h"

namespace actbench {

class Measurement {
 public:
  virtual ~Measurement() = default;

  // Of one or two kernels of `activation`, which must have the same direction and dtype. `parameters` as
  // ResolveParameters gives them. What is passed must outlive the measurement. INVALID_ARGUMENT if the plan cannot be
  // (exhaustive in f64), UNIMPLEMENTED if a kernel refuses the parameters.
  static absl::StatusOr<std::unique_ptr<Measurement>> Make(absl::Span<const Kernel* const> kernels,
                                                           const ActivationInfo& activation,
                                                           std::vector<double> parameters, const InputPlan& plan);

  // The pieces that are known by now: while one runs, further ones may be found, which decide hard inputs. Never
  // shrinks. Thread-safe.
  virtual size_t piece_count() const = 0;
  // Runs one of them; each is to be run once. A piece takes under a millisecond, unless the kernel is very slow.
  // Thread-safe.
  virtual void RunPiece(size_t piece) = 0;

  virtual uint64_t inputs_total() const = 0;
  virtual uint64_t inputs_done() const = 0;  // thread-safe

  // The outcome, once all pieces have run. The status is DATA_LOSS if a kernel wrote outside its outputs, or
  // what the device of one said.
  virtual absl::Status status() const = 0;
  virtual AccuracyReport Report(size_t kernel) const = 0;
  // With two kernels: outputs whose bits differ, and those of the largest errors of either, the worst first.
  virtual uint64_t differing() const = 0;
  virtual std::vector<Difference> Differences() const = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_H_
