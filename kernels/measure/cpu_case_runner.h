// SPDX-License-Identifier: Apache-2.0
// A benchmark case on the CPU: one or several kernels that take turns, on threads of their own.
#ifndef ACTBENCH_KERNELS_MEASURE_CPU_CASE_RUNNER_H_
#define ACTBENCH_KERNELS_MEASURE_CPU_CASE_RUNNER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/measure/case_buffers.h"
#include "kernels/measure/case_runner.h"
#include "kernels/measure/sampling.h"
#include "kernels/measure/thread_team.h"

namespace actbench {

class CpuCaseRunner final : public CaseRunner {
 public:
  // As CaseRunner::Make.
  static absl::StatusOr<std::unique_ptr<CaseRunner>> Make(const BenchmarkCase& benchmark, uint64_t layout_seed,
                                                          absl::Span<const int> cpus);

  absl::StatusOr<Slice> Run(std::chrono::nanoseconds time) override;

 private:
  // A kernel, and of how many elements.
  struct Contestant {
    const Kernel* kernel;
    PreparedKernel prepared;
    size_t elements;
  };

  CpuCaseRunner(BenchmarkCase benchmark, CaseBuffers buffers, absl::Span<const int> cpus, uint64_t layout_seed);

  // Runs `part` for the elements [begin, end) of each thread, of so many.
  template <class Part>
  void Share(size_t elements, const Part& part);
  // Computes these elements.
  void RunKernel(const PreparedKernel& kernel, size_t begin, size_t end) const;
  // Samples of `count` of which `call` does one once.
  template <class Call>
  Rounds Take(size_t count, const Call& call, std::chrono::nanoseconds warm_up, std::chrono::nanoseconds time);

  const CaseBuffers buffers_;
  ThreadTeam team_;
  std::vector<Contestant> contestants_;  // the case's kernel, then its rivals
  uint64_t next_seed_;                   // of the order of rounds
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_CPU_CASE_RUNNER_H_
