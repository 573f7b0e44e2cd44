// SPDX-License-Identifier: Apache-2.0
// What is told of benchmark results wherever they are shown. Tested by benchmark_result_test.cc.
#ifndef ACTBENCH_CLIENT_BENCHMARK_RESULT_H_
#define ACTBENCH_CLIENT_BENCHMARK_RESULT_H_

#include <optional>
#include <string>
#include <vector>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

// Whether there are times, and they are such that one can divide by them. What is not measured has no number anywhere:
// a 0 would be taken for a great speed.
bool IsMeasured(const v1::BenchmarkResult& result);

// "measured", "skipped" or "error", and, of the last two, why.
std::string OutcomeText(const v1::BenchmarkResult& result);
std::string ReasonText(const v1::BenchmarkResult& result);

// Whether times are marked: what disturbed them could not be kept out.
bool IsNoisy(const v1::BenchmarkResult& result);

// Whether the median has an interval: one process alone says nothing of others.
bool HasInterval(const v1::BenchmarkResult& result);

// What the reader of measured times should know, such as "noisy: steal, other_work; interval wider than asked"; empty
// if there is nothing.
std::string NoteText(const v1::BenchmarkResult& result);

// REQUIRES, here and below: the result is measured. By the median.
double NsPerElement(const v1::BenchmarkResult& result);
double ElementsPerSecond(const v1::BenchmarkResult& result);
double BytesPerSecond(const v1::BenchmarkResult& result);

// Bytes per second by those of copying x to y: the part of the ceiling that the kernel reaches. Nothing if the copy was
// not measured.
std::optional<double> CopyRatio(const v1::BenchmarkResult& result);

// What tables of them show. Of the median per element four digits, "0.1250", and its interval with as many decimals,
// "0.1240 to 0.1260", or "-"; per call "8.19 us"; of the copy "50 %", empty if that is not known; the largest error as
// MaxUlpText (accuracy_table.h) has it, empty if it is not known; the kernel within its group, "actbench/fast/avx512".
std::string NsPerElementCell(const v1::BenchmarkResult& result);
std::string IntervalCell(const v1::BenchmarkResult& result);
std::string CallCell(const v1::BenchmarkResult& result);
std::string CopyCell(const v1::BenchmarkResult& result);
std::string UlpCell(const v1::BenchmarkResult& result);
std::string KernelCell(const v1::BenchmarkResult& result);

// Where a result belongs: those of one activation, direction, dtype and conditions are alternatives.
struct ResultGroup {
  std::string function;                              // "gelu_erf/forward/f32"
  std::string conditions;                            // "n:65536/dist:normal/cache:hot", as names of results have it
  std::vector<const v1::BenchmarkResult*> measured;  // the fastest first
};

// The measured results of the run, which must outlive the groups, in the order in which they first come up.
std::vector<ResultGroup> GroupResults(const v1::BenchmarkRun& run);

// "9 measured (1 noisy), 2 skipped, 1 failed"
std::string CountsText(const v1::BenchmarkRun& run);

// "actbench 0.1.0 (abcdef0)"
std::string VersionText(const v1::BuildInfo& build);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_BENCHMARK_RESULT_H_
