// SPDX-License-Identifier: Apache-2.0
// The peer "onednn": oneDNN's eltwise primitives in one thread, f32, and bf16 where it has that for this processor (in
// 2.6 from AVX-512 on; f16 nowhere on CPUs). The isa is the one that it generates code for here, which the environment
// variable ONEDNN_MAX_CPU_ISA lowers.
//
// A primitive has a fixed shape, so a kernel holds one for each power of two from kLeast to kMost elements and runs n
// as a sum of them. Measured (AMD EPYC with AVX-512, 2.6.3): a run costs 0.18 us beside its work, and logistic of
// 65,536 elements, one run, takes 25.6 us; of 65,535, 13 runs, 28.8 us. Preparing a kernel takes 0.25 to 0.6 ms the
// first time, when code is generated, and 15 us from then on, as oneDNN keeps the last 1,024 primitives.
#include <dnnl.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "kernels/kernel_table.h"

// Of libgomp, whose threads Debian's oneDNN uses. Its header comes with GCC alone.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int count);
}

namespace actbench::peers::onednn {
namespace {

constexpr size_t kLeast = 16;
constexpr size_t kSizes = 13;
constexpr size_t kMost = kLeast << (kSizes - 1);
constexpr size_t kMostTensors = 3;     // x, dy, dx
constexpr size_t kMostParameters = 2;  // of an activation

// What oneDNN runs for an activation: its algorithm and the two numbers that this takes, each a constant or, from 0 on,
// the activation's parameter of that number.
struct Number {
  float constant = 0;
  int parameter = -1;
};
constexpr Number Parameter(int index) { return {0, index}; }
struct Algorithm {
  std::string_view activation;
  dnnl_alg_kind_t kind;
  Number alpha = {};
  Number beta = {};
  int must_be_1 = -1;  // a parameter that the algorithm does not have
};
constexpr Algorithm kAlgorithms[] = {
    {"relu", dnnl_eltwise_relu},
    {"relu6", dnnl_eltwise_clip_v2, {0}, {6}},
    {"leaky_relu", dnnl_eltwise_relu, Parameter(0)},
    {"hard_tanh", dnnl_eltwise_clip_v2, Parameter(0), Parameter(1)},
    {"elu", dnnl_eltwise_elu, Parameter(0)},
    {"sigmoid", dnnl_eltwise_logistic},
    {"log_sigmoid", dnnl_eltwise_logsigmoid},
    {"tanh", dnnl_eltwise_tanh},
    {"softplus", dnnl_eltwise_soft_relu, {}, {}, 0},
    {"silu", dnnl_eltwise_swish, {1}},
    {"swish", dnnl_eltwise_swish, Parameter(0)},
    {"quick_gelu", dnnl_eltwise_swish, {1.702F}},
    {"hard_swish", dnnl_eltwise_hardswish},
    {"gelu_erf", dnnl_eltwise_gelu_erf},
    {"gelu_tanh", dnnl_eltwise_gelu_tanh},
    {"mish", dnnl_eltwise_mish},
    {"exp", dnnl_eltwise_exp},
    {"identity", dnnl_eltwise_linear, {1}},
    {"abs", dnnl_eltwise_abs},
};

float ValueOf(const Number& number, const double* parameters) {
  return number.parameter < 0 ? number.constant : static_cast<float>(parameters[number.parameter]);
}

template <class T, dnnl_status_t (*kDestroy)(T*)>
struct Destroy {
  void operator()(T* object) const { kDestroy(object); }
};
using Primitive = std::unique_ptr<dnnl_primitive, Destroy<dnnl_primitive, dnnl_primitive_destroy>>;
using PrimitiveDesc = std::unique_ptr<dnnl_primitive_desc, Destroy<dnnl_primitive_desc, dnnl_primitive_desc_destroy>>;
using Memory = std::unique_ptr<dnnl_memory, Destroy<dnnl_memory, dnnl_memory_destroy>>;
using Stream = std::unique_ptr<dnnl_stream, Destroy<dnnl_stream, dnnl_stream_destroy>>;

// The one engine, never destroyed, as threads may end after the program's statics. Null if there is none.
dnnl_engine_t Engine() {
  static const dnnl_engine_t engine = [] {
    dnnl_engine_t made = nullptr;
    return dnnl_engine_create(&made, dnnl_cpu, 0) == dnnl_success ? made : nullptr;
  }();
  return engine;
}

// As long as it lives, this thread's primitives are made for and run in it alone.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int before_;
};

dnnl_memory_desc_t Shape(size_t elements, dnnl_data_type_t type) {
  const dnnl_dims_t dims = {static_cast<dnnl_dim_t>(elements)};
  dnnl_memory_desc_t shape;
  dnnl_memory_desc_init_by_tag(&shape, 1, dims, type, dnnl_a);
  return shape;
}

PrimitiveDesc MakeDesc(const dnnl_eltwise_desc_t& operation, const PrimitiveDesc& forward_hint) {
  dnnl_primitive_desc_t desc = nullptr;
  dnnl_primitive_desc_create(&desc, &operation, nullptr, Engine(), forward_hint.get());
  return PrimitiveDesc(desc);
}

// Null if oneDNN cannot.
PrimitiveDesc MakeDesc(const Algorithm& algorithm, const double* parameters, Direction direction, size_t elements,
                       dnnl_data_type_t type) {
  const float alpha = ValueOf(algorithm.alpha, parameters);
  const float beta = ValueOf(algorithm.beta, parameters);
  const dnnl_memory_desc_t shape = Shape(elements, type);
  const dnnl_prop_kind_t kind = direction == Direction::kForward ? dnnl_forward_inference : dnnl_forward_training;
  dnnl_eltwise_desc_t operation;
  if (dnnl_eltwise_forward_desc_init(&operation, kind, algorithm.kind, &shape, alpha, beta) != dnnl_success) return {};
  PrimitiveDesc forward = MakeDesc(operation, {});
  if (direction == Direction::kForward || forward == nullptr) return forward;
  if (dnnl_eltwise_backward_desc_init(&operation, algorithm.kind, &shape, &shape, alpha, beta) != dnnl_success) {
    return {};
  }
  return MakeDesc(operation, forward);
}

// KernelFunctions' state: the primitive for kLeast << i elements. Running one does not change it.
struct State {
  std::array<Primitive, kSizes> primitives;
};

State* MakeState(const Algorithm& algorithm, const double* parameters, Direction direction, dnnl_data_type_t type) {
  if (algorithm.must_be_1 >= 0 && parameters[algorithm.must_be_1] != 1) return nullptr;
  const OneThread one_thread;
  auto state = std::make_unique<State>();
  for (size_t i = 0; i < kSizes; ++i) {
    const PrimitiveDesc desc = MakeDesc(algorithm, parameters, direction, kLeast << i, type);
    dnnl_primitive_t primitive = nullptr;
    if (desc == nullptr || dnnl_primitive_create(&primitive, desc.get()) != dnnl_success) return nullptr;
    state->primitives[i].reset(primitive);
  }
  return state.release();
}

template <size_t kIndex, Direction kDirection, dnnl_data_type_t kType>
void* Prepare(const double* parameters, const Quantization* quantizations) {
  if (quantizations != nullptr) return nullptr;
  return MakeState(kAlgorithms[kIndex], parameters, kDirection, kType);
}

// A thread's own: oneDNN's streams and memory objects are not for several at a time. A memory object is a pointer with
// a shape; making one takes longer than pointing one elsewhere.
template <dnnl_data_type_t kType>
class Workplace {
 public:
  Workplace() {
    dnnl_stream_t stream = nullptr;
    dnnl_stream_create(&stream, Engine(), dnnl_stream_default_flags);
    stream_.reset(stream);
  }

  // Runs primitive number `size` on the tensors at `data`, with the roles `roles`; the last is the output, which is NaN
  // if oneDNN fails (short of memory, that is).
  template <size_t kTensors>
  void Execute(const State& state, size_t size, const std::array<int, kTensors>& roles,
               const std::array<char*, kTensors>& data) {
    std::array<dnnl_exec_arg_t, kTensors> arguments;
    for (size_t i = 0; i < kTensors; ++i) {
      Memory& memory = memories_[size][i];
      if (memory == nullptr) memory = MakeMemory(size);
      dnnl_memory_set_data_handle(memory.get(), data[i]);
      arguments[i] = {roles[i], memory.get()};
    }
    dnnl_primitive* const primitive = state.primitives[size].get();
    if (dnnl_primitive_execute(primitive, stream_.get(), kTensors, arguments.data()) == dnnl_success) return;
    std::memset(data.back(), 0xff, (kLeast << size) * (kType == dnnl_f32 ? 4 : 2));
  }

 private:
  static Memory MakeMemory(size_t size) {
    const dnnl_memory_desc_t shape = Shape(kLeast << size, kType);
    dnnl_memory_t memory = nullptr;
    dnnl_memory_create(&memory, &shape, Engine(), DNNL_MEMORY_NONE);
    return Memory(memory);
  }

  Stream stream_;
  std::array<std::array<Memory, kMostTensors>, kSizes> memories_;
};

// KernelFunctions::run. The last elements, fewer than kLeast, go through padded copies.
template <Direction kDirection, dnnl_data_type_t kType>
void Run(const void* state, const void* const* inputs, void* const* outputs, size_t n) {
  constexpr bool kForward = kDirection == Direction::kForward;
  constexpr size_t kTensors = kForward ? 2 : kMostTensors;
  constexpr size_t kBytes = kType == dnnl_f32 ? 4 : 2;
  std::array<int, kTensors> roles = {DNNL_ARG_SRC, kForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST};
  std::array<char*, kTensors> data;
  // oneDNN does not write to inputs, but has no pointers that say so.
  for (size_t i = 0; i + 1 < kTensors; ++i) data[i] = static_cast<char*>(const_cast<void*>(inputs[i]));
  data.back() = static_cast<char*>(outputs[0]);
  if constexpr (!kForward) roles.back() = DNNL_ARG_DIFF_SRC;
  thread_local Workplace<kType> workplace;
  const OneThread one_thread;
  for (size_t size = kSizes; size-- > 0;) {
    const size_t elements = kLeast << size;
    for (; n >= elements; n -= elements) {
      workplace.Execute(*static_cast<const State*>(state), size, roles, data);
      for (char*& tensor : data) tensor += elements * kBytes;
    }
  }
  if (n == 0) return;
  alignas(64) char padded[kTensors][kLeast * kBytes] = {};
  std::array<char*, kTensors> padded_data;
  for (size_t i = 0; i < kTensors; ++i) {
    padded_data[i] = padded[i];
    if (i + 1 < kTensors) std::memcpy(padded[i], data[i], n * kBytes);
  }
  workplace.Execute(*static_cast<const State*>(state), 0, roles, padded_data);
  std::memcpy(data.back(), padded_data.back(), n * kBytes);
}

void Release(void* state) { delete static_cast<State*>(state); }

template <Direction kDirection, dnnl_data_type_t kType, size_t... kIndex>
absl::Span<const KernelRow> RowsOf(std::index_sequence<kIndex...>) {
  static constexpr KernelRow kRows[] = {
      {kAlgorithms[kIndex].activation, {&Prepare<kIndex, kDirection, kType>, &Run<kDirection, kType>, &Release}}...};
  return kRows;
}

template <dnnl_data_type_t kType>
void AddTablesOf(std::string_view isa, Dtype dtype, KernelTables& tables) {
  const auto indices = std::make_index_sequence<std::size(kAlgorithms)>();
  const double parameters[kMostParameters] = {};
  for (Direction direction : {Direction::kForward, Direction::kGradient}) {
    if (MakeDesc(kAlgorithms[0], parameters, direction, kLeast, kType) == nullptr) return;
    const absl::Span<const KernelRow> rows = direction == Direction::kForward
                                                 ? RowsOf<Direction::kForward, kType>(indices)
                                                 : RowsOf<Direction::kGradient, kType>(indices);
    tables.push_back({isa, direction, dtype, "native", rows, "onednn"});
  }
}

// "scalar" is its portable code, which it falls back to.
std::string_view Isa() {
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
      return "sse4";
    case dnnl_cpu_isa_avx:
      return "avx";
    case dnnl_cpu_isa_avx2:
    case dnnl_cpu_isa_avx2_vnni:
      return "avx2";
    case dnnl_cpu_isa_avx512_mic:
    case dnnl_cpu_isa_avx512_mic_4ops:
    case dnnl_cpu_isa_avx512_core:
    case dnnl_cpu_isa_avx512_core_vnni:
    case dnnl_cpu_isa_avx512_core_bf16:
    case dnnl_cpu_isa_avx512_core_amx:
      return "avx512";
    default:
      return "scalar";
  }
}

}  // namespace

void AddTables(KernelTables& tables) {
  if (Engine() == nullptr) return;
  AddTablesOf<dnnl_f32>(Isa(), Dtype::kF32, tables);
  AddTablesOf<dnnl_bf16>(Isa(), Dtype::kBF16, tables);
}

}  // namespace actbench::peers::onednn
