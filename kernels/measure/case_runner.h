// SPDX-License-Identifier: Apache-2.0
// Times one benchmark case in this process, in slices: on the CPU (cpu_case_runner.h) or on a device
// (device_case_runner.h). Tested by case_run_test.cc and device_case_runner_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_
#define ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/noise.h"

namespace actbench {

// What one slice of time gave.
struct Slice {
  std::vector<double> ns_per_call;          // of the samples, ascending
  std::vector<std::vector<double>> ratios;  // of each rival: its time by the kernel's in each round
  double copy_ns = 0;                       // the median of copying x to y, in the same way as the kernel is called
  int64_t calls_per_sample = 0;
  Noise noise;
  double clock_ghz = 0;        // the lower of two probes, before and after
  bool gpu_throttled = false;  // for the most of it heat or power held its clock down
};

// The error of a kernel at sampled inputs: a lower bound of what it is.
struct SampledError {
  double max_ulp = 0;
  uint64_t checked = 0;
  uint64_t misrounded = 0;
  uint64_t output_hash = 0;  // as in AccuracyReport
};

class CaseRunner {
 public:
  // Prepares the kernel and the buffers. A call is shared among `cpus`, of which there are as many as the case has
  // threads. INVALID_ARGUMENT or UNIMPLEMENTED if the case cannot be, RESOURCE_EXHAUSTED if there is no memory.
  static absl::StatusOr<std::unique_ptr<CaseRunner>> Make(const BenchmarkCase& benchmark, uint64_t layout_seed,
                                                          absl::Span<const int> cpus);
  virtual ~CaseRunner() = default;

  // Four fifths of `time` for the kernel and the rest for copies, beside warming up and looking at the clock, which
  // takes some 30 ms. INTERNAL if the kernel changed how this processor computes (rounding, flushing to zero): what is
  // timed after that is another kernel.
  virtual absl::StatusOr<Slice> Run(std::chrono::nanoseconds time) = 0;

  // At `samples` bit patterns, of a gradient with dy = 1, as kernels' claims are. Calls `still_busy` now and then:
  // references of 53 bits take a while.
  absl::StatusOr<SampledError> MeasureError(uint64_t samples, absl::FunctionRef<void()> still_busy) const;

 protected:
  explicit CaseRunner(BenchmarkCase benchmark) : benchmark_(std::move(benchmark)) {}

  const BenchmarkCase benchmark_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_
