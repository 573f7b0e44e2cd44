// SPDX-License-Identifier: Apache-2.0
// The one kernel: every activation, direction and dtype over a batch of tensors of any alignment and length. Included
// inside a namespace after vocabulary_cuda.h, grid.cuh, math.inc, a list and vector.inc.
//
// Memory is read and written 16 bytes at a time, neighbouring threads beside each other. While a thread computes what
// kAhead such loads of each input have brought, it has as many more in flight: 2,048 threads so have 64 KiB, of which
// an H200 wants 48 KiB (CUB's cc_to_min_bytes_in_flight), and 1,536, of 40 registers each, have just that.

// Vectors that a thread takes one after the other where tensors are large enough to fill the device many times over.
constexpr uint64_t kVectorsPerThread = 8;

struct Batch {
  TensorBuffers tensors[kMaxTensors];
};

// Loads past the first-level cache, where the tables are to stay. Not the read-only path: an output may be the input.
ACT_FN uint4 LoadVector(const char* data) {
  uint4 v;
  asm volatile("ld.global.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(data)
               : "memory");
  return v;
}
ACT_FN void StoreVector(uint4 v, char* data, bool past_caches) {
  if (past_caches) {
    __stcs(reinterpret_cast<uint4*>(data), v);
  } else {
    *reinterpret_cast<uint4*>(data) = v;
  }
}

// Where the vectors of a tensor lie. Vector i is elements [i * kLanes - lead, ...): where all buffers lie alike to a
// boundary of 16 bytes, `lead` moves the vectors onto such boundaries, and those that are whole go by vector. In all
// others, and where buffers lie differently, elements go one by one.
template <class Storage>
struct Place {
  static constexpr int64_t kLanes = sizeof(uint4) / sizeof(Storage);

  template <size_t kInputs, size_t kOutputs>
  ACT_FN Place(const TensorBuffers& tensor, const char* (&inputs)[kInputs], char* (&outputs)[kOutputs])
      : elements(static_cast<int64_t>(tensor.elements)) {
    const uint64_t offset = reinterpret_cast<uint64_t>(tensor.inputs[0]) % sizeof(uint4);
    aligned = offset % sizeof(Storage) == 0;
#pragma unroll
    for (size_t i = 0; i < kInputs; ++i) {
      inputs[i] = static_cast<const char*>(tensor.inputs[i]);
      aligned = aligned && reinterpret_cast<uint64_t>(inputs[i]) % sizeof(uint4) == offset;
    }
#pragma unroll
    for (size_t i = 0; i < kOutputs; ++i) {
      outputs[i] = static_cast<char*>(tensor.outputs[i]);
      aligned = aligned && reinterpret_cast<uint64_t>(outputs[i]) % sizeof(uint4) == offset;
    }
    lead = aligned ? static_cast<int64_t>(offset / sizeof(Storage)) : 0;
    vectors = (elements + lead + kLanes - 1) / kLanes;
  }

  ACT_FN bool IsWhole(int64_t first) const { return aligned && first >= 0 && first + kLanes <= elements; }
  ACT_FN bool Has(int64_t element) const { return element >= 0 && element < elements; }

  int64_t elements;
  int64_t lead;
  int64_t vectors;
  bool aligned;
};

template <class Storage>
ACT_FN uint4 LoadAt(const Place<Storage>& place, const char* data, int64_t first) {
  if (place.IsWhole(first)) return LoadVector(data + first * sizeof(Storage));
  Storage elements[Place<Storage>::kLanes] = {};
#pragma unroll
  for (int j = 0; j < Place<Storage>::kLanes; ++j) {
    if (place.Has(first + j)) memcpy(&elements[j], data + (first + j) * sizeof(Storage), sizeof(Storage));
  }
  uint4 vector;
  memcpy(&vector, elements, sizeof(vector));
  return vector;
}

template <class Storage>
ACT_FN void StoreAt(const Place<Storage>& place, uint4 vector, char* data, int64_t first, bool past_caches) {
  if (place.IsWhole(first)) return StoreVector(vector, data + first * sizeof(Storage), past_caches);
  Storage elements[Place<Storage>::kLanes];
  memcpy(elements, &vector, sizeof(vector));
#pragma unroll
  for (int j = 0; j < Place<Storage>::kLanes; ++j) {
    if (place.Has(first + j)) memcpy(data + (first + j) * sizeof(Storage), &elements[j], sizeof(Storage));
  }
}

// Vectors `first`, first + stride, ... of each input.
template <class Storage, int kAhead, size_t kInputs>
ACT_FN void LoadAhead(const Place<Storage>& place, const char* (&inputs)[kInputs], int64_t first, int64_t stride,
                      uint4 (&ahead)[kAhead][kInputs]) {
#pragma unroll
  for (int s = 0; s < kAhead; ++s) {
    const int64_t v = first + s * stride;
    if (v >= place.vectors) return;
#pragma unroll
    for (size_t i = 0; i < kInputs; ++i)
      ahead[s][i] = LoadAt(place, inputs[i], v * Place<Storage>::kLanes - place.lead);
  }
}

// blockIdx.y is the tensor.
template <class Activation, Direction kDirection, class Storage, class D>
__global__ void __launch_bounds__(kThreads)
    TensorKernel(const __grid_constant__ Batch batch, const Activation activation, bool past_caches) {
  constexpr size_t kInputs = kInputCount<Activation, kDirection>;
  constexpr size_t kOutputs = kOutputCount<Activation, kDirection>;
  constexpr int64_t kLanes = Place<Storage>::kLanes;
  constexpr int kAhead = kInputs == 1 ? 2 : 1;
  const char* inputs[kInputs];
  char* outputs[kOutputs];
  const Place<Storage> place(batch.tensors[blockIdx.y], inputs, outputs);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads;
  int64_t v = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  uint4 ahead[kAhead][kInputs];
  LoadAhead(place, inputs, v, stride, ahead);
  uint4 now[kAhead][kInputs];
  bool has_more = false;  // in `now`
#pragma unroll 1
  for (; v < place.vectors; v += stride) {
    // Only what has arrived is handed on: moving a register waits for what is on its way to it.
    if (has_more) {
      memcpy(now[0], now[kAhead - 1], sizeof(now[0]));
    } else {
      memcpy(now, ahead, sizeof(now));
      LoadAhead(place, inputs, v + kAhead * stride, stride, ahead);
    }
    has_more = kAhead > 1 && !has_more;
    uint4 vectors[kOutputs];
    const char* in[kInputs];
    char* out[kOutputs];
#pragma unroll
    for (size_t i = 0; i < kInputs; ++i) in[i] = reinterpret_cast<const char*>(&now[0][i]);
#pragma unroll
    for (size_t i = 0; i < kOutputs; ++i) out[i] = reinterpret_cast<char*>(&vectors[i]);
#pragma unroll
    for (int j = 0; j < kLanes; ++j) RunVector<Activation, kDirection, Storage>(D(), activation, in, out, j);
#pragma unroll
    for (size_t i = 0; i < kOutputs; ++i) {
      StoreAt(place, vectors[i], outputs[i], v * kLanes - place.lead, past_caches);
    }
  }
}

// For each tensor, so many blocks as the largest wants: a whole number of times those that the device runs at a time,
// so that it is never left with a few, and each thread takes few vectors.
template <class Storage>
dim3 GridOf(const Launch& launch, uint64_t blocks_at_a_time) {
  uint64_t most = 0;
  for (size_t i = 0; i < launch.tensor_count; ++i) most = std::max(most, launch.tensors[i].elements);
  const uint64_t spread = BlocksFor(most * sizeof(Storage) / sizeof(uint4) + 2);  // one vector more at each end
  const uint64_t times = (spread - 1) / (blocks_at_a_time * kVectorsPerThread) + 1;
  const uint64_t blocks = std::min({spread, times * blocks_at_a_time, uint64_t{0x7fffffff}});
  return dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(launch.tensor_count));
}

template <class Activation, Direction kDirection, class Storage, class D>
int LaunchIn(D, const Launch& launch, const Activation& activation) {
  static Occupancy occupancy;
  const auto kernel = &TensorKernel<Activation, kDirection, Storage, D>;
  int per_processor = 0;
  if (const int error = occupancy.Of(kernel, per_processor); error != cudaSuccess) return error;
  Batch batch = {};
  std::copy_n(launch.tensors, launch.tensor_count, batch.tensors);
  const auto at_a_time = static_cast<uint64_t>(std::max(per_processor * launch.processor_count, 1));
  return LaunchBlocks(kernel, GridOf<Storage>(launch, at_a_time), launch, batch, activation, launch.stream_outputs);
}

// Whether an activation wants wide lanes always, and whether it may with some parameters.
template <class Activation, Direction kDirection>
constexpr bool kIsWide =
    kDirection == Direction::kForward ? Activation::kInfo.wide_forward : Activation::kInfo.wide_gradient;
template <class Activation>
constexpr bool kMayBeWide = requires(const Activation& activation) {
  activation.WantsWideLanes();
};

// LaunchRow::launch, in the lanes that the activation wants.
template <class Activation, Direction kDirection, class Storage, class Lane>
int LaunchKernel(const Launch& launch) {
  const Activation activation = Make<Activation>(launch.parameters);
  if constexpr (kIsWide<Activation, kDirection>) {
    return LaunchIn<Activation, kDirection, Storage>(LaneF64(), launch, activation);
  } else {
    if constexpr (kMayBeWide<Activation>) {
      if (activation.WantsWideLanes()) return LaunchIn<Activation, kDirection, Storage>(LaneF64(), launch, activation);
    }
    return LaunchIn<Activation, kDirection, Storage>(Lane(), launch, activation);
  }
}

// LaunchRow::load.
template <class Activation, Direction kDirection, class Storage, class Lane>
int LoadKernel() {
  int error = cudaSuccess;
  if constexpr (kIsWide<Activation, kDirection> || kMayBeWide<Activation>) {
    error = LoadCode(&TensorKernel<Activation, kDirection, Storage, LaneF64>);
  }
  if constexpr (!kIsWide<Activation, kDirection>) {
    if (error == cudaSuccess) error = LoadCode(&TensorKernel<Activation, kDirection, Storage, Lane>);
  }
  return error;
}

template <Direction kDirection, class Storage, class Lane, class... Activation>
LaunchTable TableOf(TypeList<Activation...>, Dtype dtype, std::string_view tier) {
  static constexpr LaunchRow kRows[] = {{Activation::kInfo.name, Activation::kInfo.Parameters().size(),
                                         kInputCount<Activation, kDirection>, kOutputCount<Activation, kDirection>,
                                         &LaunchKernel<Activation, kDirection, Storage, Lane>,
                                         &LoadKernel<Activation, kDirection, Storage, Lane>}...};
  return {kDirection, dtype, tier, kRows, sizeof...(Activation)};
}
