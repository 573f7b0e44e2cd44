// SPDX-License-Identifier: Apache-2.0
// How kernels are given to the current device, in blocks of kThreads.
#ifndef ACTBENCH_KERNELS_CUDA_GRID_CUH_
#define ACTBENCH_KERNELS_CUDA_GRID_CUH_

#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>

#include "kernels/cuda/launch.h"

namespace actbench::cuda {

constexpr unsigned kThreads = 256;  // of a block

// Blocks for `items`, at least one.
inline uint64_t BlocksFor(uint64_t items) { return items == 0 ? 1 : (items - 1) / kThreads + 1; }

// What this call itself returns, a cudaError_t: cudaGetLastError could be that of one before it.
template <class... Parameter, class... Argument>
int LaunchBlocks(void (*kernel)(Parameter...), dim3 grid, const Launch& launch, const Argument&... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(kThreads);
  config.stream = static_cast<cudaStream_t>(launch.stream);
  return static_cast<int>(cudaLaunchKernelEx(&config, kernel, arguments...));
}

// Loads the code of `kernel`, which else is loaded, or translated by the driver, when it is first launched.
template <class... Parameter>
int LoadCode(void (*kernel)(Parameter...)) {
  cudaFuncAttributes attributes;
  return static_cast<int>(cudaFuncGetAttributes(&attributes, kernel));
}

// How many blocks of one kernel a processor runs at a time, which its registers decide.
class Occupancy {
 public:
  // A cudaError_t. Asked again only when the current device is another than the last time.
  template <class... Parameter>
  int Of(void (*kernel)(Parameter...), int& blocks) {
    int device = 0;
    if (const cudaError_t error = cudaGetDevice(&device); error != cudaSuccess) return static_cast<int>(error);
    const Known known = known_.load(std::memory_order_relaxed);
    blocks = known.blocks;
    if (blocks > 0 && known.device == device) return cudaSuccess;
    const cudaError_t error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, kThreads, 0);
    if (error == cudaSuccess) known_.store({device, blocks}, std::memory_order_relaxed);
    return static_cast<int>(error);
  }

 private:
  struct Known {
    int device;
    int blocks;  // 0: not asked yet
  };
  std::atomic<Known> known_ = {};
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_GRID_CUH_
