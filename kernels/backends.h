// SPDX-License-Identifier: Apache-2.0
// The two parts of DefaultBackends() (backend.h), for whoever does something in between, or without the second: looking
// for GPUs takes up to a second and leaves threads of the driver's behind.
#ifndef ACTBENCH_KERNELS_BACKENDS_H_
#define ACTBENCH_KERNELS_BACKENDS_H_

#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace actbench {

// Work for GPUs may take nothing, so none is looked for.
inline constexpr GpuLimits kNoGpus = {.memory_bytes = 0, .pinned_bytes = 0};

std::vector<std::unique_ptr<Backend>> CpuBackends();

// None, without a look, if the limits leave no room to serve any.
// `warnings`: why GPUs that are here are not used.
std::vector<std::unique_ptr<Backend>> GpuBackends(const GpuLimits& limits, std::vector<std::string>& warnings);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_BACKENDS_H_
