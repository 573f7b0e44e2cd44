// SPDX-License-Identifier: Apache-2.0
// CUDA's errors. Tested by cuda_status_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_CUDA_STATUS_H_
#define ACTBENCH_KERNELS_CUDA_CUDA_STATUS_H_

#include "absl/status/status.h"

namespace actbench::cuda {

// What CUDA says, a cudaError_t, of the call `what`: RESOURCE_EXHAUSTED where there is no memory; UNAVAILABLE where
// every call of this process will fail from now on, for work that was given to the device earlier or for a fault of its
// own; INTERNAL for the rest, which is about this call alone.
absl::Status ToStatus(int error, const char* what);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CUDA_STATUS_H_
