// SPDX-License-Identifier: Apache-2.0
// How fast every kernel of this machine is, peers' too, in one thread: KERNEL/SET/DISTRIBUTION, where SET says which
// memory all inputs and outputs together lie in, and DISTRIBUTION how the inputs are drawn. Beside them copies, the
// ceiling of what only moves an element: memcpy's, and one with stores that leave the caches alone.
//
//   kernels_benchmark --benchmark_filter='(sigmoid/forward/f32/.*|copy/f32)/L2/normal' [--streaming_bytes=BYTES]
//
// BYTES: from which size of the output on our kernels do so too.
#include <benchmark/benchmark.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/accuracy/inputs.h"
#include "kernels/catalog.h"
#include "kernels/streaming.h"

namespace actbench {
namespace {

// All buffers together.
struct WorkingSet {
  std::string_view name;
  size_t bytes;
};
constexpr WorkingSet kWorkingSets[] = {{"L1", 16 << 10}, {"L2", 512 << 10}, {"L3", 8 << 20}, {"DRAM", 256 << 20}};

struct FreeBuffer {
  void operator()(char* data) const { std::free(data); }
};
using Buffer = std::unique_ptr<char, FreeBuffer>;

// Aligned as vectors want it, and touched, so that no page is missing.
Buffer MakeBuffer(size_t bytes) {
  constexpr size_t kAlignment = 4096;
  const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  Buffer buffer(static_cast<char*>(std::aligned_alloc(kAlignment, size)));
  std::memset(buffer.get(), 0, size);
  return buffer;
}

// The samples of an input, over and over after the first 65,536.
void Fill(const Sampler& sampler, Dtype dtype, size_t input, size_t n, char* data) {
  constexpr size_t kSamples = 65536;
  const size_t size = SizeBytes(dtype);
  for (size_t i = 0; i < n; ++i) {
    if (i >= kSamples) {
      std::memcpy(data + i * size, data + (i - kSamples) * size, size);
      continue;
    }
    const uint64_t bits = sampler.Draw(i, input);
    std::memcpy(data + i * size, &bits, size);  // little-endian
  }
}

// Per element and, with all that is read and written, per byte.
void Count(benchmark::State& state, size_t n, size_t bytes) {
  const auto elements = static_cast<double>(n);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * n));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * n * bytes));
  state.counters["time_per_item"] =
      benchmark::Counter(elements, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void RunKernel(benchmark::State& state, const Kernel& kernel, const WorkingSet& set, Distribution distribution) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  const bool gradient = kernel.direction == Direction::kGradient;
  const size_t inputs = activation.inputs + (gradient ? 1 : 0);
  const size_t outputs = gradient ? activation.inputs : 1;
  const size_t size = SizeBytes(kernel.dtype);
  const size_t n = set.bytes / (size * (inputs + outputs));
  const PreparedKernel prepared(kernel, ResolveParameters(activation, {})->data());
  if (!prepared.ok()) return state.SkipWithError("the kernel does not take its default parameters");
  const Sampler sampler({.count = n, .distribution = distribution}, activation, kernel.dtype);
  std::vector<Buffer> buffers;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (size_t i = 0; i < inputs + outputs; ++i) {
    buffers.push_back(MakeBuffer(n * size));
    if (i < inputs) {
      Fill(sampler, kernel.dtype, i, n, buffers[i].get());
      in.push_back(buffers[i].get());
    } else {
      out.push_back(buffers[i].get());
    }
  }
  for ([[maybe_unused]] auto _ : state) {
    if (const absl::Status status = prepared.Run(in, out, n); !status.ok()) {
      return state.SkipWithError(std::string(status.message()).c_str());
    }
    benchmark::ClobberMemory();
  }
  Count(state, n, size * (inputs + outputs));
}

#if defined(__SSE2__)
constexpr bool kStreams = true;
void StreamingCopy(const char* from, size_t bytes, char* to) {
  for (size_t i = 0; i + sizeof(__m128i) <= bytes; i += sizeof(__m128i)) {
    const __m128i element = _mm_load_si128(reinterpret_cast<const __m128i*>(from + i));
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), element);
  }
  _mm_sfence();
}
#else
constexpr bool kStreams = false;
void StreamingCopy(const char*, size_t, char*) {}
#endif

void RunCopy(benchmark::State& state, Dtype dtype, const WorkingSet& set, bool streaming) {
  const size_t bytes = set.bytes / 2;
  const Buffer from = MakeBuffer(bytes);
  const Buffer to = MakeBuffer(bytes);
  for ([[maybe_unused]] auto _ : state) {
    if (streaming) {
      StreamingCopy(from.get(), bytes, to.get());
    } else {
      std::memcpy(to.get(), from.get(), bytes);
    }
    benchmark::DoNotOptimize(to.get());
    benchmark::ClobberMemory();
  }
  Count(state, bytes / SizeBytes(dtype), 2 * SizeBytes(dtype));
}

template <class Function>
void Register([[maybe_unused]] const std::string& name, [[maybe_unused]] Function function) {
#ifndef __clang_analyzer__  // which takes what the library then owns for leaked
  benchmark::RegisterBenchmark(name.c_str(), function);
#endif
}

void RegisterCopies(const WorkingSet& set) {
  for (const DtypeInfo& format : AllDtypes()) {
    for (bool streaming : {false, true}) {
      if (streaming && !kStreams) continue;
      const std::string_view copy = streaming ? "streaming_copy" : "copy";
      Register(absl::StrCat(std::string(copy), "/", std::string(format.name), "/", std::string(set.name), "/normal"),
               [=, &set, dtype = format.dtype](benchmark::State& state) { RunCopy(state, dtype, set, streaming); });
    }
  }
}

void RegisterKernels(const WorkingSet& set) {
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    for (std::string_view name : DistributionNames()) {
      const Distribution distribution = *ParseDistribution(name);
      Register(absl::StrCat(kernel.Name(), "/", std::string(set.name), "/", std::string(name)),
               [&kernel, &set, distribution](benchmark::State& state) { RunKernel(state, kernel, set, distribution); });
    }
  }
}

}  // namespace
}  // namespace actbench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (; argc > 1; --argc) {
    constexpr std::string_view kFlag = "--streaming_bytes=";
    const std::string_view argument = argv[argc - 1];
    size_t bytes = 0;
    if (!argument.starts_with(kFlag)) break;
    const auto [end, error] = std::from_chars(argument.begin() + kFlag.size(), argument.end(), bytes);
    if (error != std::errc() || end != argument.end()) break;
    actbench::SetStreamingBytes(bytes);
  }
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const actbench::WorkingSet& set : actbench::kWorkingSets) {
    actbench::RegisterCopies(set);
    actbench::RegisterKernels(set);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
