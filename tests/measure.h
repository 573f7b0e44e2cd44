// SPDX-License-Identifier: Apache-2.0
// Runs a whole measurement in a test, on all processors.
#ifndef ACTBENCH_TESTS_MEASURE_H_
#define ACTBENCH_TESTS_MEASURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/accuracy/measurement.h"
#include "kernels/catalog.h"

namespace actbench {

// Runs all pieces of `measurement`, those found on the way included.
inline void RunAll(Measurement& measurement, unsigned threads = std::max(1u, std::thread::hardware_concurrency())) {
  for (size_t done = 0; done < measurement.piece_count();) {
    const size_t end = measurement.piece_count();
    std::atomic<size_t> next = done;
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (size_t piece = next++; piece < end; piece = next++) measurement.RunPiece(piece);
      });
    }
    for (std::thread& worker : workers) worker.join();
    done = end;
  }
}

// The finished measurement of `kernels` with `parameters`.
inline std::unique_ptr<Measurement> Measured(const std::vector<const Kernel*>& kernels, const InputPlan& plan,
                                             const std::map<std::string, double>& parameters = {},
                                             unsigned threads = 2) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernels[0]->activation);
  auto measurement = Measurement::Make(kernels, activation, *ResolveParameters(activation, parameters), plan);
  EXPECT_TRUE(measurement.ok()) << measurement.status();
  RunAll(**measurement, threads);
  return *std::move(measurement);
}
inline AccuracyReport ReportOf(const Kernel& kernel, const InputPlan& plan,
                               const std::map<std::string, double>& parameters = {}) {
  return Measured({&kernel}, plan, parameters)->Report(0);
}

// A kernel of a test's own: `run` as KernelFunctions has it, without parameters.
inline Kernel HandmadeKernel(const std::string& activation, Direction direction, Dtype dtype,
                             decltype(KernelFunctions::run) run) {
  KernelFunctions functions;
  functions.prepare = [](const double*, const Quantization*) -> void* { return new int; };
  functions.run = run;
  functions.release = [](void* state) { delete static_cast<int*>(state); };
  return {activation, direction, dtype, "test", "native", "cpu", "scalar", functions};
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_MEASURE_H_
