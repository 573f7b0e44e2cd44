// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/case_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/accuracy/measurement.h"
#include "kernels/float_environment.h"
#include "kernels/measure/host.h"

namespace actbench {
namespace {

constexpr std::chrono::milliseconds kWarmUp{20};
// The rest of a slice needs less: the machine is warm.
constexpr std::chrono::milliseconds kCopyWarmUp{2};
constexpr size_t kPage = 4096;
constexpr size_t kMostTensors = 3;

size_t Share(const BenchmarkCase& benchmark) {
  const size_t per_page = kPage / benchmark.element_bytes();
  const auto threads = static_cast<size_t>(benchmark.threads);
  const size_t even = (benchmark.elements + threads - 1) / threads;
  return (even + per_page - 1) / per_page * per_page;
}

SamplingPlan PlanFor(std::chrono::nanoseconds warm_up, std::chrono::nanoseconds time) {
  // All of the time: how well the median is known is decided over processes, not over the samples of one.
  return {.warm_up = warm_up, .min_time = time, .max_time = time, .min_samples = 1};
}

}  // namespace

absl::StatusOr<std::unique_ptr<CaseRunner>> CaseRunner::Make(const BenchmarkCase& benchmark, uint64_t layout_seed,
                                                             absl::Span<const int> cpus) {
  if (benchmark.cache == CacheState::kCold && !CaseBuffers::CanEvict()) {
    return absl::UnimplementedError("cache is cold, but a program on this processor cannot empty the caches; use hot");
  }
  if (cpus.size() != static_cast<size_t>(benchmark.threads)) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads is ", benchmark.threads, ", but there are ", cpus.size(), " processors to run on"));
  }
  absl::StatusOr<CaseBuffers> buffers = CaseBuffers::Make(benchmark, layout_seed);
  if (!buffers.ok()) return buffers.status();
  std::unique_ptr<CaseRunner> runner(new CaseRunner(benchmark, *std::move(buffers), cpus));
  if (runner->kernel_.ok()) return runner;
  return absl::UnimplementedError(absl::StrCat(benchmark.kernel->Name(), " cannot serve these parameters"));
}

CaseRunner::CaseRunner(BenchmarkCase benchmark, CaseBuffers buffers, absl::Span<const int> cpus)
    : benchmark_(std::move(benchmark)),
      buffers_(std::move(buffers)),
      team_(cpus),
      kernel_(benchmark_.kernel->functions, benchmark_.parameters.data(), nullptr),
      share_(actbench::Share(benchmark_)) {}

template <class Part>
void CaseRunner::Share(const Part& part) {
  if (team_.size() == 1) return part(0, benchmark_.elements);
  team_.Run([&](int thread) {
    const size_t begin = std::min(share_ * static_cast<size_t>(thread), benchmark_.elements);
    part(begin, std::min(begin + share_, benchmark_.elements));
  });
}

template <class Call>
Samples CaseRunner::Take(const Call& call, const SamplingPlan& plan) {
  const bool cold = benchmark_.cache == CacheState::kCold;
  if (!cold && !benchmark_.in_place) {
    return TakeSamples(
        [&](int64_t times) {
          for (int64_t i = 0; i < times; ++i) call();
        },
        plan);
  }
  // In place a call leaves other inputs than it found.
  return TakeSingleSamples(
      [&] {
        buffers_.Restore();
        if (cold) buffers_.Evict();
      },
      call, plan);
}

absl::StatusOr<Slice> CaseRunner::Run(std::chrono::nanoseconds time) {
  const size_t size = benchmark_.element_bytes();
  const auto run = [&](size_t begin, size_t end) {
    std::array<const void*, kMostTensors> inputs = {};
    std::array<void*, kMostTensors> outputs = {};
    for (size_t i = 0; i < buffers_.inputs().size(); ++i) {
      inputs[i] = static_cast<const char*>(buffers_.inputs()[i]) + begin * size;
    }
    for (size_t i = 0; i < buffers_.outputs().size(); ++i) {
      outputs[i] = static_cast<char*>(buffers_.outputs()[i]) + begin * size;
    }
    kernel_.Run(inputs, outputs, end - begin);
  };
  const FloatEnvironment environment;
  const int cpus = AvailableCpus();
  const double clock_before = ProbeClockGhz();
  const NoiseCounters before = ReadNoise();
  Samples samples = Take([&] { Share(run); }, PlanFor(kWarmUp, time * 4 / 5));
  const NoiseCounters after = ReadNoise();
  if (const std::string changed = environment.Restore(); !changed.empty()) {
    return absl::InternalError(
        absl::StrCat(benchmark_.kernel->Name(), " changed how the processor computes: ", changed));
  }
  const auto copy = [&](size_t begin, size_t end) { buffers_.Copy(begin * size, end * size); };
  const Samples copies = Take([&] { Share(copy); }, PlanFor(kCopyWarmUp, time / 5));
  return Slice{.ns_per_call = std::move(samples.ns_per_call),
               .copy_ns = Quantile(copies.ns_per_call, 0.5),
               .calls_per_sample = samples.calls_per_sample,
               .noise = NoiseBetween(before, after, cpus),
               .clock_ghz = std::min(clock_before, ProbeClockGhz())};
}

absl::StatusOr<SampledError> CaseRunner::MeasureError(uint64_t samples, absl::FunctionRef<void()> still_busy) const {
  const InputPlan plan = SampledInputs{.count = samples};
  const Kernel* const kernel = benchmark_.kernel;
  const absl::StatusOr<std::unique_ptr<Measurement>> measurement =
      Measurement::Make(absl::MakeSpan(&kernel, 1), *benchmark_.activation, benchmark_.parameters, plan);
  if (!measurement.ok()) return measurement.status();
  for (size_t piece = 0; piece < (*measurement)->piece_count(); ++piece) {
    (*measurement)->RunPiece(piece);
    still_busy();
  }
  if (absl::Status status = (*measurement)->status(); !status.ok()) return status;
  const AccuracyReport report = (*measurement)->Report(0);
  return SampledError{.max_ulp = report.max_ulp, .checked = report.checked};
}

}  // namespace actbench
