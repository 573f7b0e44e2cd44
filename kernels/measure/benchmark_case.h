// SPDX-License-Identifier: Apache-2.0
// What a benchmark times: a kernel, on what and how. Tested by benchmark_case_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_BENCHMARK_CASE_H_
#define ACTBENCH_KERNELS_MEASURE_BENCHMARK_CASE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/accuracy/inputs.h"
#include "kernels/activation_info.h"
#include "kernels/device_kernel.h"
#include "kernels/kernel.h"
#include "kernels/measure/fingerprint.h"

namespace actbench {

// Which memory all inputs and outputs of a call together lie in.
enum class WorkingSet : uint8_t { kL1, kL2, kL3, kDram };

std::span<const std::string_view> WorkingSetNames();  // in the order of the enum
std::string_view Name(WorkingSet set);
std::optional<WorkingSet> ParseWorkingSet(std::string_view name);
// Half of a cache, so that what else is needed does not push them out of it; for DRAM four times the last cache. Sizes
// that the system does not tell are taken for 32 KiB, 1 MiB and 32 MiB.
size_t SizeBytes(WorkingSet set, const CacheSizes& caches);
// The nearest memory that holds so many bytes.
WorkingSet WorkingSetOf(size_t bytes, const CacheSizes& caches);

// Hot: the buffers are what was touched last. Cold: none of their lines is in a cache when a call begins.
enum class CacheState : uint8_t { kHot, kCold };

std::span<const std::string_view> CacheStateNames();
std::string_view Name(CacheState state);
std::optional<CacheState> ParseCacheState(std::string_view name);

std::span<const std::string_view> LaunchTimeNames();
std::string_view Name(LaunchTime launch);
std::optional<LaunchTime> ParseLaunchTime(std::string_view name);

// What takes turns with a case's kernel, on the same memory, to be compared with it.
struct Rival {
  const Kernel* kernel = nullptr;  // of the same activation, direction and dtype
  double work = 1;                 // how many times the case's elements it computes; at least 1
};

struct BenchmarkCase {
  const ActivationInfo* activation = nullptr;
  const Kernel* kernel = nullptr;
  std::vector<double> parameters;  // as ResolveParameters gives them
  size_t elements = 0;             // of each input and output
  CacheState cache = CacheState::kHot;
  Distribution distribution = Distribution::kNormal;
  uint64_t seed = 0;
  // The elements of x [, gate] [, dy] themselves, in the kernel's dtype; none: drawn from the distribution.
  std::vector<std::string> given;
  int threads = 1;        // that share a call
  bool in_place = false;  // y, or dx and dgate, replace x and gate
  LaunchTime launch = LaunchTime::kNone;
  std::vector<Rival> rivals;

  size_t element_bytes() const { return actbench::SizeBytes(kernel->dtype); }
  // That a call reads and writes; the same whether in place or not.
  size_t BytesPerElement() const;
  size_t Bytes() const { return elements * BytesPerElement(); }
  size_t ElementsOf(const Rival& rival) const;
  // What there has to be for the case and all rivals.
  size_t MostElements() const;
  // Whether nothing but kernel and size was chosen: what a kernel is known by.
  bool IsUsual() const;
  // What is measured, in words of which there is one order: results with the same text are of the same. Kernel, then
  // "n:65536/dist:normal/cache:hot" and, where they are not the usual, "seed:1", "threads:2", "in_place",
  // "launch:graph", "dev:cuda:0" and parameters, as "beta=1.5". Given tensors are "dist:given-HASH".
  std::string Text() const;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_BENCHMARK_CASE_H_
