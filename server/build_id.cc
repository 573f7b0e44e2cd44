// SPDX-License-Identifier: Apache-2.0
#include "server/build_id.h"

// Generated once the library of the kernels has been built.
#include "kernel_build_id.h"

namespace actbench {

std::string KernelBuildId() { return ACTBENCH_KERNEL_BUILD_ID; }

}  // namespace actbench
