// SPDX-License-Identifier: Apache-2.0
// Which devices a program has code for. Tested by architectures_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_ARCHITECTURES_H_
#define ACTBENCH_KERNELS_CUDA_ARCHITECTURES_H_

#include <string_view>

namespace actbench::cuda {

// Whether what was compiled for `architectures`, as CMAKE_CUDA_ARCHITECTURES has them but with commas, runs on a device
// of this compute capability: machine code ("90-real") on those of its generation that are no older, other code
// ("75-virtual"), which the driver translates, on all that are no older, "90" is both, "90a" for that one alone and
// "100f" for its generation. Words like "native" are taken to fit.
bool HaveCodeFor(std::string_view architectures, int major, int minor);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_ARCHITECTURES_H_
