// SPDX-License-Identifier: Apache-2.0
// What tests of benchmarks share: cases, and programs in place of actbench-worker.
#ifndef ACTBENCH_TESTS_BENCH_FIXTURE_H_
#define ACTBENCH_TESTS_BENCH_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "kernels/catalog.h"
#include "kernels/measure/benchmark_case.h"
#include "kernels/measure/worker_process.h"

namespace actbench {

inline BenchmarkCase CaseOf(const std::string& activation, Direction direction = Direction::kForward) {
  BenchmarkCase benchmark;
  benchmark.activation = *Catalog::FindActivation(activation);
  benchmark.kernel = *Catalog::Default().FindKernel(activation, direction, Dtype::kF32, {.isa = "scalar"});
  benchmark.parameters = *ResolveParameters(*benchmark.activation, {});
  benchmark.elements = 1000;
  return benchmark;
}

// A program that runs these shell commands.
inline std::string Script(const std::string& commands) {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = testing::TempDir() + test.test_suite_name() + "_" + test.name();
  std::ofstream(path) << "#!/bin/sh\n" << commands << "\n";
  chmod(path.c_str(), 0700);
  return path;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_BENCH_FIXTURE_H_
