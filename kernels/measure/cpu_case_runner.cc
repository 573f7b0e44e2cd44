// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/cpu_case_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/float_environment.h"
#include "kernels/measure/host.h"
#include "kernels/measure/statistics.h"

namespace actbench {
namespace {

constexpr std::chrono::milliseconds kWarmUp{20};
// The rest of a slice needs less: the machine is warm.
constexpr std::chrono::milliseconds kCopyWarmUp{2};
constexpr size_t kPage = 4096;
constexpr size_t kMostTensors = 3;

// Elements of a thread, but for the last: whole pages.
size_t ShareOf(size_t elements, size_t element_bytes, size_t threads) {
  const size_t per_page = kPage / element_bytes;
  const size_t even = (elements + threads - 1) / threads;
  return (even + per_page - 1) / per_page * per_page;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CaseRunner>> CpuCaseRunner::Make(const BenchmarkCase& benchmark, uint64_t layout_seed,
                                                                absl::Span<const int> cpus) {
  if (benchmark.cache == CacheState::kCold && !CaseBuffers::CanEvict()) {
    return absl::UnimplementedError("cache is cold, but a program on this processor cannot empty the caches; use hot");
  }
  if (benchmark.launch != LaunchTime::kNone) {
    return absl::UnimplementedError(
        absl::StrCat(benchmark.kernel->Name(), " runs on the CPU, where it is called, not launched"));
  }
  if (cpus.size() != static_cast<size_t>(benchmark.threads)) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads is ", benchmark.threads, ", but there are ", cpus.size(), " processors to run on"));
  }
  absl::StatusOr<CaseBuffers> buffers = CaseBuffers::Make(benchmark, layout_seed);
  if (!buffers.ok()) return buffers.status();
  std::unique_ptr<CpuCaseRunner> runner(new CpuCaseRunner(benchmark, *std::move(buffers), cpus, layout_seed));
  for (const Contestant& contestant : runner->contestants_) {
    if (contestant.kernel->on_device != nullptr) {
      return absl::UnimplementedError(absl::StrCat(contestant.kernel->Name(), " runs on ", contestant.kernel->device,
                                                   "; of rivals in turns only kernels of the CPU are timed"));
    }
    if (contestant.prepared.ok()) continue;
    return absl::UnimplementedError(absl::StrCat(contestant.kernel->Name(), " cannot serve these parameters"));
  }
  return std::unique_ptr<CaseRunner>(std::move(runner));
}

CpuCaseRunner::CpuCaseRunner(BenchmarkCase benchmark, CaseBuffers buffers, absl::Span<const int> cpus,
                             uint64_t layout_seed)
    : CaseRunner(std::move(benchmark)), buffers_(std::move(buffers)), team_(cpus), next_seed_(layout_seed << 32) {
  const auto add = [&](const Kernel& kernel, size_t elements) {
    contestants_.push_back({&kernel, {kernel, benchmark_.parameters.data()}, elements});
  };
  add(*benchmark_.kernel, benchmark_.elements);
  for (const Rival& rival : benchmark_.rivals) add(*rival.kernel, benchmark_.ElementsOf(rival));
}

template <class Part>
void CpuCaseRunner::Share(size_t elements, const Part& part) {
  if (team_.size() == 1) return part(0, elements);
  const size_t share = ShareOf(elements, benchmark_.element_bytes(), static_cast<size_t>(team_.size()));
  team_.Run([&](int thread) {
    const size_t begin = std::min(share * static_cast<size_t>(thread), elements);
    part(begin, std::min(begin + share, elements));
  });
}

void CpuCaseRunner::RunKernel(const PreparedKernel& kernel, size_t begin, size_t end) const {
  const size_t size = benchmark_.element_bytes();
  std::array<const void*, kMostTensors> inputs = {};
  std::array<void*, kMostTensors> outputs = {};
  for (size_t i = 0; i < buffers_.inputs().size(); ++i) {
    inputs[i] = static_cast<const char*>(buffers_.inputs()[i]) + begin * size;
  }
  for (size_t i = 0; i < buffers_.outputs().size(); ++i) {
    outputs[i] = static_cast<char*>(buffers_.outputs()[i]) + begin * size;
  }
  kernel.Run(inputs, outputs, end - begin).IgnoreError();  // of kernels on the CPU, which do not fail
}

template <class Call>
Rounds CpuCaseRunner::Take(size_t count, const Call& call, std::chrono::nanoseconds warm_up,
                           std::chrono::nanoseconds time) {
  const SamplingPlan plan = {.warm_up = warm_up, .time = time, .seed = next_seed_++};
  const bool cold = benchmark_.cache == CacheState::kCold;
  if (!cold && !benchmark_.in_place) {
    return TakeRounds(
        count,
        [&](size_t which, int64_t times) {
          for (int64_t i = 0; i < times; ++i) call(which);
        },
        plan);
  }
  // In place a call leaves other inputs than it found.
  return TakeSingleRounds(
      count,
      [&] {
        buffers_.Restore();
        if (cold) buffers_.Evict();
      },
      call, plan);
}

absl::StatusOr<Slice> CpuCaseRunner::Run(std::chrono::nanoseconds time) {
  const FloatEnvironment environment;
  const int cpus = AvailableCpus();
  const double clock_before = ProbeClockGhz();
  const NoiseCounters before = ReadNoise();
  Rounds rounds = Take(
      contestants_.size(),
      [&](size_t which) {
        const Contestant& contestant = contestants_[which];
        Share(contestant.elements, [&](size_t begin, size_t end) { RunKernel(contestant.prepared, begin, end); });
      },
      kWarmUp, time * 4 / 5);
  const NoiseCounters after = ReadNoise();
  if (const std::string changed = environment.Restore(); !changed.empty()) {
    return absl::InternalError(
        absl::StrCat(benchmark_.kernel->Name(), " changed how the processor computes: ", changed));
  }
  const size_t size = benchmark_.element_bytes();
  const auto copy = [&](size_t begin, size_t end) { buffers_.Copy(begin * size, end * size); };
  const Rounds copies = Take(
      1, [&](size_t) { Share(benchmark_.elements, copy); }, kCopyWarmUp, time / 5);
  Slice slice = {.ns_per_call = std::move(rounds.ns_per_call[0]),
                 .ratios = {},
                 .copy_ns = Median(copies.ns_per_call[0]),
                 .calls_per_sample = rounds.calls_per_sample,
                 .noise = NoiseBetween(before, after, cpus),
                 .clock_ghz = std::min(clock_before, ProbeClockGhz())};
  for (size_t rival = 1; rival < contestants_.size(); ++rival) {
    std::vector<double>& ratios = slice.ratios.emplace_back(std::move(rounds.ns_per_call[rival]));
    for (size_t round = 0; round < ratios.size(); ++round) ratios[round] /= slice.ns_per_call[round];
  }
  std::sort(slice.ns_per_call.begin(), slice.ns_per_call.end());
  return slice;
}

}  // namespace actbench
