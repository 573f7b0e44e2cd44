// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels as functions that launch them: what group_kernels.cu, which nvcc compiles, hands to the host's side.
// Plain types, as nvcc knows no Abseil here.
#ifndef ACTBENCH_KERNELS_CUDA_LAUNCH_H_
#define ACTBENCH_KERNELS_CUDA_LAUNCH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/direction.h"
#include "kernels/dtype.h"

namespace actbench::cuda {

// One tensor's buffers in device memory, which may have any alignment: inputs x [, gate] [, dy], outputs y or
// dx [, dgate]. An output may be the same buffer as an input, but does not overlap it otherwise.
struct TensorBuffers {
  const void* inputs[3];
  void* outputs[2];
  uint64_t elements;
};

// The most tensors of one launch. With them the arguments of a kernel take 3.1 KiB; the least limit is 4.
inline constexpr size_t kMaxTensors = 64;

struct Launch {
  const TensorBuffers* tensors;
  size_t tensor_count;       // 1 to kMaxTensors
  const double* parameters;  // of the activation, all of them, in order; read during the call alone
  int processor_count;       // of the device: its streaming multiprocessors
  bool stream_outputs;       // outputs are so large that they are not to stay in the second-level cache
  void* stream;              // a cudaStream_t
};

struct LibraryCalls;  // library_calls.h

struct LaunchRow {
  std::string_view activation;
  size_t parameter_count;
  size_t input_count;
  size_t output_count;
  // Launches on the current device; returns a cudaError_t. Errors of the run itself come with later calls.
  int (*launch)(const Launch& launch);
  // Loads all that `launch` may launch onto the current device, likewise; null: it is not known what that is.
  int (*load)() = nullptr;
  // Not null: that is called in place of `launch` and `load`, which are null.
  const LibraryCalls* library = nullptr;
};

// The kernels of one direction, dtype and tier, in the order of the activations.
struct LaunchTable {
  Direction direction;
  Dtype dtype;
  std::string_view tier;
  const LaunchRow* rows;
  size_t row_count;
  std::string_view provider = "actbench";
};

// Those of all groups of kernels/cuda/CMakeLists.txt, peers first.
std::vector<LaunchTable> AllLaunchTables();
// Of our own kernels, which live as long as the program; null if there is no such.
const LaunchRow* FindRow(std::string_view activation, Direction direction, Dtype dtype, std::string_view tier);

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_LAUNCH_H_
