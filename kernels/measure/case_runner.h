// SPDX-License-Identifier: Apache-2.0
// Times one benchmark case in this process, in slices. Tested by case_run_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_
#define ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "kernels/kernel.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/case_buffers.h"
#include "kernels/measure/noise.h"
#include "kernels/measure/sampling.h"
#include "kernels/measure/thread_team.h"

namespace actbench {

// What one slice of time gave.
struct Slice {
  std::vector<double> ns_per_call;          // of the samples, ascending
  std::vector<std::vector<double>> ratios;  // of each rival: its time by the kernel's in each round
  double copy_ns = 0;                       // the median of copying x to y, in the same way as the kernel is called
  int64_t calls_per_sample = 0;
  Noise noise;
  double clock_ghz = 0;  // the lower of two probes, before and after
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

  // Four fifths of `time` for the kernel and the rest for copies, beside warming up and looking at the clock, which
  // takes some 30 ms. INTERNAL if the kernel changed how this processor computes (rounding, flushing to zero): what is
  // timed after that is another kernel.
  absl::StatusOr<Slice> Run(std::chrono::nanoseconds time);

  // At `samples` bit patterns. Calls `still_busy` now and then: references of 53 bits take a while.
  absl::StatusOr<SampledError> MeasureError(uint64_t samples, absl::FunctionRef<void()> still_busy) const;

 private:
  // A kernel, and of how many elements.
  struct Contestant {
    const Kernel* kernel;
    PreparedKernel prepared;
    size_t elements;
  };

  CaseRunner(BenchmarkCase benchmark, CaseBuffers buffers, absl::Span<const int> cpus, uint64_t layout_seed);

  // Runs `part` for the elements [begin, end) of each thread, of so many.
  template <class Part>
  void Share(size_t elements, const Part& part);
  // Computes these elements.
  void RunKernel(const PreparedKernel& kernel, size_t begin, size_t end) const;
  // Samples of `count` of which `call` does one once.
  template <class Call>
  Rounds Take(size_t count, const Call& call, std::chrono::nanoseconds warm_up, std::chrono::nanoseconds time);

  const BenchmarkCase benchmark_;
  const CaseBuffers buffers_;
  ThreadTeam team_;
  std::vector<Contestant> contestants_;  // the case's kernel, then its rivals
  uint64_t next_seed_;                   // of the order of rounds
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_CASE_RUNNER_H_
