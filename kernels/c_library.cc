// SPDX-License-Identifier: Apache-2.0
// The kernels and their errors as a shared library of C functions, for a process of another language:
// kernels/tools/c_library.py is that for Python. Tested by c_library_test.py.
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "kernels/accuracy/error.h"
#include "kernels/backends.h"
#include "kernels/catalog.h"
#include "kernels/streaming.h"

#define ACTBENCH_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using actbench::Catalog;
using actbench::Kernel;

// A kernel with its default parameters, and what measures the error of its results, or of anybody else's.
struct CKernel {
  CKernel(const Kernel& kernel, const actbench::ActivationInfo& activation, const std::vector<double>& parameters)
      : prepared(kernel, parameters.data()),
        meter(activation, kernel.direction, kernel.dtype, parameters),
        inputs(InputCount(activation, kernel.direction)),
        outputs(OutputCount(activation, kernel.direction)) {}

  actbench::PreparedKernel prepared;
  actbench::ErrorMeter meter;
  size_t inputs;   // x [, gate] [, dy]
  size_t outputs;  // y, or dx [, dgate]
};

// Those of the CPU.
const Catalog& Kernels() {
  static const Catalog* const catalog = new Catalog(actbench::CpuBackends());
  return *catalog;
}

const Kernel* FindKernel(std::string_view name) {
  for (const Kernel& kernel : Kernels().kernels()) {
    if (kernel.Name() == name) return &kernel;
  }
  return nullptr;
}

}  // namespace

// The names of all kernels of the CPU, a line each; of each provider that for the widest instruction set first.
ACTBENCH_EXPORT const char* actbench_kernel_names() {
  static const std::string* const names = [] {
    auto* const lines = new std::string;
    for (const Kernel& kernel : Kernels().kernels()) *lines += kernel.Name() + "\n";
    return lines;
  }();
  return names->c_str();
}

// Null if there is no kernel of that name, or it does not take its default parameters.
ACTBENCH_EXPORT CKernel* actbench_prepare(const char* kernel_name) {
  const Kernel* const kernel = FindKernel(kernel_name);
  if (kernel == nullptr) return nullptr;
  const actbench::ActivationInfo& activation = **Catalog::FindActivation(kernel->activation);
  auto prepared = std::make_unique<CKernel>(*kernel, activation, *actbench::ResolveParameters(activation, {}));
  return prepared->prepared.ok() ? prepared.release() : nullptr;
}

ACTBENCH_EXPORT void actbench_release(CKernel* kernel) { delete kernel; }

// From how many bytes of output in one call on kernels of ours store past the caches (kernels/streaming.h).
ACTBENCH_EXPORT void actbench_set_streaming_bytes(size_t bytes) { actbench::SetStreamingBytes(bytes); }

// Computes the same `n` elements `calls` times.
ACTBENCH_EXPORT void actbench_run(const CKernel* kernel, const void* const* inputs, void* const* outputs, size_t n,
                                  size_t calls) {
  for (size_t i = 0; i < calls; ++i) {
    // Of kernels on the CPU, which do not fail.
    kernel->prepared.Run(absl::MakeSpan(inputs, kernel->inputs), absl::MakeSpan(outputs, kernel->outputs), n)
        .IgnoreError();
  }
}

// The largest error in ulp of `n` results (of output 0: y or dx), whoever computed them, and where it is.
ACTBENCH_EXPORT double actbench_max_ulp(const CKernel* kernel, const void* const* inputs, const void* output, size_t n,
                                        size_t* worst_index) {
  const auto report = kernel->meter.Measure(absl::MakeSpan(inputs, kernel->inputs), output, 0, n);
  *worst_index = report.worst_index;
  return report.max_ulp;
}

// The ceiling of what only moves elements.
ACTBENCH_EXPORT void actbench_copy(const void* from, void* to, size_t bytes, size_t calls) {
  for (size_t i = 0; i < calls; ++i) {
    std::memcpy(to, from, bytes);
    asm volatile("" ::: "memory");  // each of the copies is made
  }
}
