// SPDX-License-Identifier: Apache-2.0
// The launches of a sweep that are no activations: inputs in the order of their bits, ones, and the comparison.
#include <algorithm>
#include <cstdint>

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/sweep_distance.h"
#include "kernels/cuda/sweep_rows.h"

namespace actbench::cuda {
namespace {

template <class Bits>
__global__ void Fill(Bits* out, uint64_t first, uint64_t count) {
  const uint64_t stride = static_cast<uint64_t>(gridDim.x) * kThreads;
  for (uint64_t i = blockIdx.x * uint64_t{kThreads} + threadIdx.x; i < count; i += stride) {
    out[i] = static_cast<Bits>(first + i);
  }
}

template <class Bits>
__global__ void FillWith(Bits* out, Bits value, uint64_t count) {
  const uint64_t stride = static_cast<uint64_t>(gridDim.x) * kThreads;
  for (uint64_t i = blockIdx.x * uint64_t{kThreads} + threadIdx.x; i < count; i += stride) out[i] = value;
}

constexpr unsigned kAllLanes = 0xffffffff;

template <class Bits>
__global__ void Compare(const Bits* got, const Bits* expected, SweepCounts* counts, uint64_t first, uint64_t count,
                        Bits infinity) {
  const uint64_t stride = static_cast<uint64_t>(gridDim.x) * kThreads;
  uint64_t differing = 0;
  uint64_t worst = 0;
  for (uint64_t i = blockIdx.x * uint64_t{kThreads} + threadIdx.x; i < count; i += stride) {
    const SweepDistance distance = DistanceOf(got[i], expected[i], infinity);
    if (!distance.differ) continue;
    ++differing;
    worst = max(worst, uint64_t{distance.steps} << 32 | ((first + i) & 0xffffffffu));
  }
  // Of a warp together, as all threads add to one address.
  for (int lanes = warpSize / 2; lanes > 0; lanes /= 2) {
    differing += __shfl_down_sync(kAllLanes, differing, lanes);
    worst = max(worst, __shfl_down_sync(kAllLanes, worst, lanes));
  }
  if (threadIdx.x % warpSize != 0 || differing == 0) return;
  atomicAdd(reinterpret_cast<unsigned long long*>(&counts->differing), differing);
  atomicMax(reinterpret_cast<unsigned long long*>(&counts->worst), worst);
}

constexpr uint64_t kBlocksPerProcessor = 32;

// As many as there are elements for, but few enough that a thread has several.
dim3 GridOf(const Launch& launch) {
  const uint64_t most = static_cast<uint64_t>(launch.processor_count) * kBlocksPerProcessor;
  return dim3(static_cast<unsigned>(std::min(BlocksFor(launch.tensors[0].elements), most)));
}

template <class Bits>
int LaunchFill(const Launch& launch) {
  const TensorBuffers& tensor = launch.tensors[0];
  return LaunchBlocks(&Fill<Bits>, GridOf(launch), launch, static_cast<Bits*>(tensor.outputs[0]),
                      static_cast<uint64_t>(launch.parameters[0]), tensor.elements);
}

template <class Bits, Bits kOne>
int LaunchOnes(const Launch& launch) {
  const TensorBuffers& tensor = launch.tensors[0];
  return LaunchBlocks(&FillWith<Bits>, GridOf(launch), launch, static_cast<Bits*>(tensor.outputs[0]), kOne,
                      tensor.elements);
}

template <class Bits, Bits kInfinity>
int LaunchCompare(const Launch& launch) {
  const TensorBuffers& tensor = launch.tensors[0];
  return LaunchBlocks(&Compare<Bits>, GridOf(launch), launch, static_cast<const Bits*>(tensor.inputs[0]),
                      static_cast<const Bits*>(tensor.inputs[1]), static_cast<SweepCounts*>(tensor.outputs[0]),
                      static_cast<uint64_t>(launch.parameters[0]), tensor.elements, kInfinity);
}

template <class Bits, Bits kOne, Bits kInfinity>
SweepRows RowsOf() {
  return {.fill = {"fill", 1, 0, 1, &LaunchFill<Bits>, [] { return LoadCode(&Fill<Bits>); }},
          .ones = {"ones", 0, 0, 1, &LaunchOnes<Bits, kOne>, [] { return LoadCode(&FillWith<Bits>); }},
          .compare = {"compare", 1, 2, 1, &LaunchCompare<Bits, kInfinity>, [] { return LoadCode(&Compare<Bits>); }}};
}

}  // namespace

SweepRows SweepRowsOf(Dtype dtype) {
  if (dtype == Dtype::kF16) return RowsOf<uint16_t, 0x3c00, 0x7c00>();
  if (dtype == Dtype::kBF16) return RowsOf<uint16_t, 0x3f80, 0x7f80>();
  return RowsOf<uint32_t, 0x3f800000, 0x7f800000>();
}

}  // namespace actbench::cuda
