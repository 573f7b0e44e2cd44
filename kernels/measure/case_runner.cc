// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/case_runner.h"

#include "kernels/accuracy/measurement.h"
#include "kernels/measure/cpu_case_runner.h"
#include "kernels/measure/device_case_runner.h"

namespace actbench {

absl::StatusOr<std::unique_ptr<CaseRunner>> CaseRunner::Make(const BenchmarkCase& benchmark, uint64_t layout_seed,
                                                             absl::Span<const int> cpus) {
  if (benchmark.kernel->on_device != nullptr) return DeviceCaseRunner::Make(benchmark, layout_seed);
  return CpuCaseRunner::Make(benchmark, layout_seed, cpus);
}

absl::StatusOr<SampledError> CaseRunner::MeasureError(uint64_t samples, absl::FunctionRef<void()> still_busy) const {
  const Kernel* const kernel = benchmark_.kernel;
  const InputPlan plan = SampledInputs{.count = samples, .unit_upstream = kernel->direction == Direction::kGradient};
  const absl::StatusOr<std::unique_ptr<Measurement>> measurement =
      Measurement::Make(absl::MakeSpan(&kernel, 1), *benchmark_.activation, benchmark_.parameters, plan);
  if (!measurement.ok()) return measurement.status();
  for (size_t piece = 0; piece < (*measurement)->piece_count(); ++piece) {
    (*measurement)->RunPiece(piece);
    still_busy();
  }
  if (absl::Status status = (*measurement)->status(); !status.ok()) return status;
  const AccuracyReport report = (*measurement)->Report(0);
  return SampledError{.max_ulp = report.max_ulp,
                      .checked = report.checked,
                      .misrounded = report.misrounded,
                      .output_hash = report.output_hash};
}

}  // namespace actbench
