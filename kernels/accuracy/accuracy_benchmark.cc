// SPDX-License-Identifier: Apache-2.0
// What each part of a sweep over all inputs costs, in CPU time of one thread: ns_per_item is nanoseconds per input.
// What works on blocks gets them as a sweep has them, in cache, from all finite numbers in equal steps, since what an
// input costs depends on where it lies.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/input_space.h"
#include "kernels/accuracy/measurement.h"
#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/reference_lanes.h"
#include "kernels/accuracy/tally.h"
#include "kernels/catalog.h"

namespace actbench {
namespace {

constexpr Direction kDirections[] = {Direction::kForward, Direction::kGradient};
constexpr Dtype kDtypes[] = {Dtype::kF32, Dtype::kF16, Dtype::kBF16};
// Of f32's finite numbers: two in each binade. The 16-bit dtypes have fewer, and all are taken.
constexpr uint64_t kBlocks = 1020;
// Calls between two looks at the clock, so that these do not count.
constexpr int kCalls = 16;

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "accuracy_benchmark: %s\n", status.ToString().c_str());
  std::exit(2);
}

const ActivationInfo& Activation(std::string_view name) { return **Catalog::FindActivation(name); }

// The time that a benchmark's work takes and the items that it is about.
class Meter {
 public:
  void Start() { start_ = Now(); }
  void Stop(size_t items) {
    seconds_ += Now() - start_;
    items_ += static_cast<double>(items);
  }
  // At the end of an iteration.
  void Report(benchmark::State& state) {
    state.SetIterationTime(seconds_ - reported_);
    reported_ = seconds_;
    state.counters["ns_per_item"] = seconds_ * 1e9 / items_;
    state.counters["items_per_second"] = items_ / seconds_;
  }

 private:
  static double Now() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  double start_ = 0;
  double seconds_ = 0;
  double reported_ = 0;
  double items_ = 0;
};

// A block of consecutive finite numbers, and room for all that is made of it.
struct Block {
  std::vector<char> x = std::vector<char>(kCompareBlock * 4);
  std::vector<double> wide = std::vector<double>(kCompareBlock);
  std::vector<double> dy = std::vector<double>(kCompareBlock, 1);
  std::vector<double> value = std::vector<double>(kCompareBlock);
  std::vector<double> error = std::vector<double>(kCompareBlock);
  // With room for the element before the first.
  std::vector<char> got = std::vector<char>((kCompareBlock + 8) * 4);
  std::vector<char> expected = got;
  CompareResult compared;
};

// The blocks of `dtype`, of which each is filled, prepared and then worked on: what `work` takes is the time.
void RunBlocks(benchmark::State& state, Dtype dtype, const std::function<void(Block&, size_t n)>& prepare,
               const std::function<void(Block&, size_t n)>& work) {
  const InputSpace space = *InputSpace::Make(ExhaustiveInputs{}, Activation("relu"), Direction::kForward, dtype);
  const uint64_t infinity = (uint64_t{1} << (8 * SizeBytes(dtype) - 1)) - (uint64_t{1} << (Info(dtype).precision - 1));
  // The finite numbers lie in the middle.
  const uint64_t first = (space.size() / 2 - infinity) / space.block();
  const uint64_t blocks = 2 * infinity / space.block();
  const uint64_t taken = std::min(blocks, kBlocks);
  const CompareFunctions& functions = AllCompareFunctions().back();
  Block block;
  Meter meter;
  for ([[maybe_unused]] auto _ : state) {
    for (uint64_t i = 0; i < taken; ++i) {
      char* arrays[3] = {block.x.data(), nullptr, nullptr};
      space.Fill((first + i * blocks / taken) * space.block(), space.block(), arrays);
      functions.widen[static_cast<size_t>(dtype)](block.x.data(), space.block(), block.wide.data());
      prepare(block, space.block());
      meter.Start();
      for (int call = 0; call < kCalls; ++call) work(block, space.block());
      meter.Stop(space.block() * kCalls);
    }
    meter.Report(state);
  }
}

void Fill(benchmark::State& state, Dtype dtype) {
  const InputSpace space = *InputSpace::Make(ExhaustiveInputs{}, Activation("relu"), Direction::kForward, dtype);
  RunBlocks(
      state, dtype, [](Block&, size_t) {},
      [&](Block& block, size_t n) {
        char* arrays[3] = {block.x.data(), nullptr, nullptr};
        space.Fill(0, n, arrays);
        benchmark::DoNotOptimize(block.x.data());
      });
}

void Widen(benchmark::State& state, Dtype dtype, const CompareFunctions& functions) {
  RunBlocks(
      state, dtype, [](Block&, size_t) {},
      [&](Block& block, size_t n) {
        functions.widen[static_cast<size_t>(dtype)](block.x.data(), n, block.wide.data());
      });
}

ReferenceFunction FirstStage(const LaneReferenceRow& row, Direction direction) {
  return direction == Direction::kForward ? row.f64.forward : row.f64.gradient[0];
}

void FirstStageOf(benchmark::State& state, const LaneReferenceRow& row, Direction direction) {
  const std::vector<double> parameters = *ResolveParameters(Activation(row.activation), {});
  const ReferenceFunction function = FirstStage(row, direction);
  RunBlocks(
      state, Dtype::kF32, [](Block&, size_t) {},
      [&](Block& block, size_t n) {
        const double* inputs[] = {block.wide.data(), block.dy.data()};
        double* outputs[] = {block.value.data(), block.error.data()};
        function(parameters.data(), inputs, n, outputs);
      });
}

void Follow(benchmark::State& state, const LaneReference& reference) {
  const Line line = {.from = 0, .value = 0.5, .slope = 0.25, .error = 0x1p-60, .error_slope = 0x1p-60};
  RunBlocks(
      state, Dtype::kF32, [](Block&, size_t) {},
      [&](Block& block, size_t n) {
        reference.follow(line, block.wide.data(), n, block.value.data(), block.error.data());
      });
}

// silu by its exact kernel, beside its reference.
class SiluResults {
 public:
  explicit SiluResults(Dtype dtype) : dtype_(dtype), reference_(Activation("silu"), Direction::kForward, dtype, {}) {
    const absl::StatusOr<const Kernel*> kernel =
        Catalog::Default().FindKernel("silu", Direction::kForward, dtype, {.tier = "exact"});
    if (!kernel.ok()) Fail(kernel.status());
    kernel_.emplace(**kernel, nullptr);
  }

  void Prepare(Block& block, size_t n) const {
    const double* rows[] = {block.wide.data()};
    reference_.EvaluateF64(rows, n, block.value.data(), block.error.data());
    const void* in[] = {block.x.data()};
    void* out[] = {Got(block)};
    if (absl::Status status = kernel_->Run(in, out, n); !status.ok()) Fail(status);
    Compare(AllCompareFunctions().back(), block, n);
  }
  void Compare(const CompareFunctions& functions, Block& block, size_t n) const {
    functions.compare[static_cast<size_t>(dtype_)](Got(block), block.value.data(), block.error.data(), n,
                                                   std::numeric_limits<double>::infinity(), Expected(block),
                                                   block.compared);
  }
  uint64_t CountFalls(const CompareFunctions& functions, Block& block, size_t n) const {
    return functions.count_falls[static_cast<size_t>(dtype_)](Got(block), Expected(block), n);
  }

 private:
  char* Got(Block& block) const { return block.got.data() + 8 * SizeBytes(dtype_); }
  char* Expected(Block& block) const { return block.expected.data() + 8 * SizeBytes(dtype_); }

  Dtype dtype_;
  Reference reference_;
  std::optional<PreparedKernel> kernel_;
};

void Compare(benchmark::State& state, Dtype dtype, const CompareFunctions& functions) {
  const SiluResults silu(dtype);
  RunBlocks(
      state, dtype, [&](Block& block, size_t n) { silu.Prepare(block, n); },
      [&](Block& block, size_t n) { silu.Compare(functions, block, n); });
}

void CountFalls(benchmark::State& state, Dtype dtype, const CompareFunctions& functions) {
  const SiluResults silu(dtype);
  RunBlocks(
      state, dtype, [&](Block& block, size_t n) { silu.Prepare(block, n); },
      [&](Block& block, size_t n) { benchmark::DoNotOptimize(silu.CountFalls(functions, block, n)); });
}

// The second stage where it decides nearly everything: at numbers below 2^-125.
void Pairs(benchmark::State& state, const ActivationInfo& activation, Direction direction) {
  const Reference reference(activation, direction, Dtype::kF32, *ResolveParameters(activation, {}));
  std::mt19937 random(1);
  std::vector<double> x;
  for (size_t i = 0; i < kCompareBlock; ++i) {
    const uint64_t bits = (random() & 0x80ffffffu) | 1;
    x.push_back(LoadElement(Dtype::kF32, &bits));
  }
  const std::vector<double> dy(x.size(), 1);
  const double* rows[] = {x.data(), dy.data(), nullptr};
  std::vector<std::optional<ExactResult>> results(x.size());
  Meter meter;
  for ([[maybe_unused]] auto _ : state) {
    meter.Start();
    reference.EvaluatePairs(rows, x.size(), results.data());
    meter.Stop(x.size());
    meter.Report(state);
  }
}

void Mpfr(benchmark::State& state, const ActivationInfo& activation, Direction direction) {
  constexpr uint64_t kPoints = 200;
  const Reference reference(activation, direction, Dtype::kF32, *ResolveParameters(activation, {}));
  const Sampler sampler({.count = 0, .distribution = Distribution::kUniform}, activation, Dtype::kF32);
  Meter meter;
  for ([[maybe_unused]] auto _ : state) {
    meter.Start();
    for (uint64_t i = 0; i < kPoints; ++i) {
      const uint64_t bits = sampler.Draw(i, 0);
      const double point[] = {LoadElement(Dtype::kF32, &bits), 1};
      benchmark::DoNotOptimize(reference.EvaluateMpfr(point));
    }
    meter.Stop(kPoints);
    meter.Report(state);
  }
}

// Every 64th piece of an exhaustive measurement, and the pieces with hard inputs that were found on the way.
void WholeMeasurement(benchmark::State& state, const Kernel& kernel) {
  constexpr size_t kStep = 64;
  const ActivationInfo& activation = Activation(kernel.activation);
  const std::vector<double> parameters = *ResolveParameters(activation, {});
  const Kernel* const kernels[] = {&kernel};
  Meter meter;
  for ([[maybe_unused]] auto _ : state) {
    const absl::StatusOr<std::unique_ptr<Measurement>> measurement =
        Measurement::Make(kernels, activation, parameters, ExhaustiveInputs{});
    if (!measurement.ok()) Fail(measurement.status());
    const size_t pieces = (*measurement)->piece_count();
    meter.Start();
    // Not each at the beginning of a quarter of a binade.
    for (size_t i = 0; i < pieces / kStep; ++i) (*measurement)->RunPiece(i * kStep + i * 37 % kStep);
    for (size_t piece = pieces; piece < (*measurement)->piece_count(); ++piece) (*measurement)->RunPiece(piece);
    meter.Stop((*measurement)->inputs_done());
    meter.Report(state);
  }
}

template <class Function>
void Register([[maybe_unused]] const std::string& name, [[maybe_unused]] Function function) {
#ifndef __clang_analyzer__  // which takes what the library then owns for leaked
  benchmark::RegisterBenchmark(name.c_str(), std::move(function))->UseManualTime();
#endif
}

void RegisterBlocks() {
  for (Dtype dtype : kDtypes) {
    Register(absl::StrCat("fill/", std::string(Name(dtype))), [=](auto& state) { Fill(state, dtype); });
  }
  const std::pair<const char*, void (*)(benchmark::State&, Dtype, const CompareFunctions&)> parts[] = {
      {"widen/", &Widen}, {"compare/", &Compare}, {"count_falls/", &CountFalls}};
  for (const auto& [part, function] : parts) {
    for (Dtype dtype : kDtypes) {
      for (const CompareFunctions& functions : AllCompareFunctions()) {
        const std::string name = absl::StrCat(part, std::string(Name(dtype)), "/", std::string(functions.isa));
        Register(name, [=, function = function](auto& state) { function(state, dtype, functions); });
      }
    }
  }
}

void RegisterReference() {
  for (const LaneReference& reference : LaneReferences()) {
    Register(absl::StrCat("follow/", std::string(reference.isa)), [&](auto& state) { Follow(state, reference); });
  }
  for (Direction direction : kDirections) {
    const std::string suffix = absl::StrCat("/", std::string(Name(direction)));
    for (const LaneReference& reference : LaneReferences()) {
      for (const LaneReferenceRow& row : reference.rows) {
        if (Activation(row.activation).inputs != 1) continue;
        const std::string name = absl::StrCat("f64/", std::string(row.activation), suffix, "/");
        Register(name + std::string(reference.isa), [=, &row](auto& state) { FirstStageOf(state, row, direction); });
      }
    }
    for (const ActivationInfo* activation : AllActivations()) {
      if (activation->inputs != 1) continue;
      const std::string name = std::string(activation->name) + suffix;
      Register("pair/" + name, [=](auto& state) { Pairs(state, *activation, direction); });
      Register("mpfr/" + name, [=](auto& state) { Mpfr(state, *activation, direction); });
    }
  }
}

void RegisterMeasurements() {
  const std::string widest = Catalog::Default().isas().back();
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (kernel.dtype != Dtype::kF32 || kernel.isa != widest || Activation(kernel.activation).inputs != 1) continue;
    Register("measurement/" + kernel.Name(), [&kernel](auto& state) { WholeMeasurement(state, kernel); });
  }
}

}  // namespace
}  // namespace actbench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  actbench::RegisterBlocks();
  actbench::RegisterReference();
  actbench::RegisterMeasurements();
  benchmark::RunSpecifiedBenchmarks();
}
