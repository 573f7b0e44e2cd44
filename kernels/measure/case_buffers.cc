// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/case_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hwy/cache_control.h"
#include "kernels/catalog.h"

namespace actbench {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kPage = 4096;

// The samples of an input, over and over after the first 65,536: more would take longer to draw than to time. Given
// elements are repeated where a rival computes more.
void Fill(const BenchmarkCase& benchmark, size_t input, char* data) {
  constexpr size_t kSamples = 65536;
  const size_t size = benchmark.element_bytes();
  const size_t n = benchmark.MostElements();
  const bool given = !benchmark.given.empty();
  const size_t own = given ? benchmark.elements : std::min(n, kSamples);
  if (given) std::memcpy(data, benchmark.given[input].data(), own * size);
  const Sampler sampler({.count = n, .distribution = benchmark.distribution, .seed = benchmark.seed},
                        *benchmark.activation, benchmark.kernel->dtype);
  for (size_t i = 0; i < own && !given; ++i) {
    const uint64_t bits = sampler.Draw(i, input);
    std::memcpy(data + i * size, &bits, size);  // little-endian
  }
  for (size_t filled = own; filled < n; filled *= 2) {  // whole periods
    std::memcpy(data + filled * size, data, std::min(filled, n - filled) * size);
  }
}

}  // namespace

bool CaseBuffers::CanEvict() { return HWY_ARCH_X86 != 0; }

absl::StatusOr<CaseBuffers> CaseBuffers::Make(const BenchmarkCase& benchmark, uint64_t layout_seed) {
  const size_t inputs = InputCount(*benchmark.activation, benchmark.kernel->direction);
  const size_t outputs = benchmark.kernel->on_device != nullptr
                             ? 0  // the device has them
                             : OutputCount(*benchmark.activation, benchmark.kernel->direction);
  CaseBuffers made(benchmark.MostElements() * benchmark.element_bytes());
  std::mt19937_64 random(layout_seed);
  const size_t room = (made.bytes_ + 2 * kPage - 1) / kPage * kPage;
  for (size_t i = 0; i < inputs + outputs; ++i) {
    Buffer buffer;
    buffer.memory.reset(static_cast<char*>(std::aligned_alloc(kPage, room)));
    if (buffer.memory == nullptr) {
      return absl::ResourceExhaustedError(absl::StrCat("there is no memory for ", room * (inputs + outputs),
                                                       " bytes of ", inputs + outputs, " buffers"));
    }
    std::memset(buffer.memory.get(), 0, room);
    mlock(buffer.memory.get(), room);  // where it is allowed
    buffer.data = buffer.memory.get() + random() % (kPage / kLine) * kLine;
    made.buffers_.push_back(std::move(buffer));
  }
  for (size_t i = 0; i < inputs; ++i) {
    Fill(benchmark, i, made.buffers_[i].data);
    made.inputs_.push_back(made.buffers_[i].data);
  }
  for (size_t i = 0; i < outputs; ++i) {
    char* const own = made.buffers_[inputs + i].data;
    made.outputs_.push_back(benchmark.in_place ? made.buffers_[i].data : own);
    if (!benchmark.in_place) continue;
    std::memcpy(own, made.buffers_[i].data, made.bytes_);
    made.originals_.push_back(own);
  }
  return made;
}

void CaseBuffers::Restore() const {
  for (size_t i = 0; i < originals_.size(); ++i) std::memcpy(outputs_[i], originals_[i], bytes_);
}

void CaseBuffers::Evict() const {
  for (const Buffer& buffer : buffers_) {
    for (size_t at = 0; at < bytes_; at += kLine) hwy::FlushCacheline(buffer.data + at);
  }
  hwy::FlushStream();
}

void CaseBuffers::Copy(size_t begin, size_t end) const {
  const auto* const from = originals_.empty() ? static_cast<const char*>(inputs_[0]) : originals_[0];
  std::memcpy(static_cast<char*>(outputs_[0]) + begin, from + begin, end - begin);
  asm volatile("" ::: "memory");  // each of the copies is made
}

}  // namespace actbench
