// SPDX-License-Identifier: Apache-2.0
// The peer "cub": what frameworks write (peers/formulas.inc), in f32 whatever the dtype, over CUDA's functions and by
// CUB's DeviceTransform, which came with CUDA 12.8, as NVIDIA has PyTorch's kernels in its benchmarks. Compiled once
// for each dtype and direction of kernels/cuda/CMakeLists.txt, with CUDA's usual flags: multiplications are fused with
// additions, as in PyTorch.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <cub/device/device_transform.cuh>
#include <cuda/std/tuple>
#include <string_view>
#include <type_traits>

#define ACT_FN __device__ __forceinline__

#include "kernels/activation_info.h"
#include "kernels/cuda/launch.h"
// After the definition of ACT_FN.
#include "kernels/cuda/conversions.cuh"

namespace actbench::cuda::ACTBENCH_GROUP {
namespace {

struct LaneF32 {};
using Number = float;  // of parameters, as PyTorch's kernels get them

template <class T>
ACT_FN constexpr float Set(LaneF32, T value) {
  return static_cast<float>(value);
}
ACT_FN float DividedBy(LaneF32 d, float x, double c) { return x * Set(d, 1 / c); }
ACT_FN float Abs(float x) { return fabsf(x); }
ACT_FN float Neg(float x) { return -x; }
ACT_FN float Sqrt(float x) { return sqrtf(x); }
ACT_FN float Min(float a, float b) { return fminf(a, b); }
ACT_FN float Max(float a, float b) { return fmaxf(a, b); }
ACT_FN float IfThenElse(bool condition, float yes, float no) { return condition ? yes : no; }
ACT_FN float Exp(LaneF32, float x) { return expf(x); }
ACT_FN float ExpMinusOne(LaneF32, float x) { return expm1f(x); }
ACT_FN float Log1p(LaneF32, float x) { return log1pf(x); }
ACT_FN float Tanh(LaneF32, float x) { return tanhf(x); }
ACT_FN float Erf(LaneF32, float x) { return erff(x); }

#include "kernels/peers/formulas.inc"

using actbench::cuda::RoundTo;
using actbench::cuda::Widened;
ACT_FN float Widened(float value) { return value; }
ACT_FN void RoundTo(float value, float& rounded) { rounded = value; }

template <class Formula>
struct Forward {
  Formula formula;
  __device__ ACTBENCH_STORAGE operator()(ACTBENCH_STORAGE x) const {
    ACTBENCH_STORAGE y;
    RoundTo(formula.Forward(LaneF32(), Widened(x)), y);
    return y;
  }
};
template <class Formula>
struct Gradient {
  Formula formula;
  __device__ ACTBENCH_STORAGE operator()(ACTBENCH_STORAGE x, ACTBENCH_STORAGE dy) const {
    ACTBENCH_STORAGE dx;
    RoundTo(formula.Gradient(LaneF32(), Widened(x), Widened(dy)), dx);
    return dx;
  }
};

template <class Formula>
constexpr size_t ParameterCount() {
  return std::is_empty_v<Formula> ? 0 : sizeof(Formula) / sizeof(Number);
}

// LaunchRow::launch: a tensor after the other, as CUB takes them.
template <class Formula>
int LaunchCub(const Launch& launch) {
  Formula formula;
  if constexpr (ParameterCount<Formula>() > 0) {
    Number parameters[ParameterCount<Formula>()];
    std::transform(launch.parameters, launch.parameters + ParameterCount<Formula>(), parameters,
                   [](double value) { return static_cast<Number>(value); });
    std::memcpy(&formula, parameters, sizeof(Formula));
  }
  const auto stream = static_cast<cudaStream_t>(launch.stream);
  for (size_t i = 0; i < launch.tensor_count; ++i) {
    const TensorBuffers& tensor = launch.tensors[i];
    const auto* const x = static_cast<const ACTBENCH_STORAGE*>(tensor.inputs[0]);
    auto* const out = static_cast<ACTBENCH_STORAGE*>(tensor.outputs[0]);
    cudaError_t error;
    if constexpr (ACTBENCH_DIRECTION == Direction::kForward) {
      error = cub::DeviceTransform::Transform(x, out, tensor.elements, Forward<Formula>{formula}, stream);
    } else {
      const auto* const dy = static_cast<const ACTBENCH_STORAGE*>(tensor.inputs[1]);
      error = cub::DeviceTransform::Transform(::cuda::std::make_tuple(x, dy), out, tensor.elements,
                                              Gradient<Formula>{formula}, stream);
    }
    if (error != cudaSuccess) return static_cast<int>(error);
  }
  return cudaSuccess;
}

template <class... Formula>
LaunchTable TableOf(TypeList<Formula...>) {
  static constexpr size_t kInputs = ACTBENCH_DIRECTION == Direction::kForward ? 1 : 2;
  static constexpr LaunchRow kRows[] = {
      {Formula::kActivation, ParameterCount<Formula>(), kInputs, 1, &LaunchCub<Formula>}...};
  return {ACTBENCH_DIRECTION, ACTBENCH_DTYPE, "native", kRows, sizeof...(Formula), "cub"};
}

// Those of the formulas that PyTorch has too, and ours are compared with.
#if defined(ACTBENCH_FEW_KERNELS)
using Formulas = TypeList<ReluFormula, SigmoidFormula, GeluErfFormula>;
#else
using Formulas =
    TypeList<IdentityFormula, ReluFormula, Relu6Formula, LeakyReluFormula, HardTanhFormula, HardSigmoidFormula,
             HardSwishFormula, SigmoidFormula, TanhFormula, SiluFormula, GeluErfFormula, GeluTanhFormula, MishFormula,
             SoftplusFormula, LogSigmoidFormula, EluFormula, SeluFormula>;
#endif

}  // namespace

LaunchTable Table() { return TableOf(Formulas()); }

}  // namespace actbench::cuda::ACTBENCH_GROUP
