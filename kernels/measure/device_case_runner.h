// SPDX-License-Identifier: Apache-2.0
// A benchmark case on a device. Tested by device_case_runner_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_DEVICE_CASE_RUNNER_H_
#define ACTBENCH_KERNELS_MEASURE_DEVICE_CASE_RUNNER_H_

#include <cstdint>
#include <memory>

#include "kernels/device_kernel.h"
#include "kernels/measure/case_runner.h"

namespace actbench {

class DeviceCaseRunner final : public CaseRunner {
 public:
  // As CaseRunner::Make. UNIMPLEMENTED for rivals and in place, INVALID_ARGUMENT for more threads than one.
  static absl::StatusOr<std::unique_ptr<CaseRunner>> Make(const BenchmarkCase& benchmark, uint64_t layout_seed);

  // A sample, of the kernel or of a copy, that was taken while the sensors said that the clock was held down, or at
  // less than 0.95 of the fastest that they showed in this slice, does not count; where that leaves fewer than half of
  // either, all of those count and the slice is said to be throttled. Its clock is the slowest of the kernel's samples
  // that count.
  absl::StatusOr<Slice> Run(std::chrono::nanoseconds time) override;

 private:
  DeviceCaseRunner(BenchmarkCase benchmark, std::shared_ptr<const DeviceProgram> program,
                   std::unique_ptr<DeviceTimer> timer)
      : CaseRunner(std::move(benchmark)), program_(std::move(program)), timer_(std::move(timer)) {}

  const std::shared_ptr<const DeviceProgram> program_;
  const std::unique_ptr<DeviceTimer> timer_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_DEVICE_CASE_RUNNER_H_
