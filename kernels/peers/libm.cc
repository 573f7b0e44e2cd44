// SPDX-License-Identifier: Apache-2.0
// The peer "libm": formulas.inc over the C library's functions, one number at a time, as a framework's scalar code.
// The isa is "scalar" as our code is; glibc picks its own by the processor, with FMA where there is one.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "kernels/activation_info.h"
#include "kernels/kernel_table.h"

#define ACT_FN inline

namespace actbench::peers::libm {
namespace {

struct LaneF32 {};
constexpr size_t Lanes(LaneF32) { return 1; }

inline float Set(LaneF32, double value) { return static_cast<float>(value); }
inline float Load(LaneF32, const char* data) {
  float value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}
inline void Store(LaneF32, float value, char* data) { std::memcpy(data, &value, sizeof(value)); }

using Number = double;  // of parameters
inline float DividedBy(LaneF32 d, float x, double c) { return x / Set(d, c); }
inline float Abs(float x) { return std::fabs(x); }
inline float Neg(float x) { return -x; }
inline float Sqrt(float x) { return std::sqrt(x); }
inline float Min(float a, float b) { return std::min(a, b); }
inline float Max(float a, float b) { return std::max(a, b); }
inline float IfThenElse(bool condition, float yes, float no) { return condition ? yes : no; }

inline float Exp(LaneF32, float x) { return std::exp(x); }
// What elu was in most frameworks for years, and is in oneDNN: near 0 no digit is left.
inline float ExpMinusOne(LaneF32, float x) { return std::exp(x) - 1; }
inline float Log1p(LaneF32, float x) { return std::log1p(x); }
inline float Tanh(LaneF32, float x) { return std::tanh(x); }
inline float Erf(LaneF32, float x) { return std::erf(x); }

#include "kernels/peers/formulas.inc"
// In this order.
#include "kernels/peers/rows.inc"

}  // namespace

void AddTables(KernelTables& tables) {
  AddTablesOf<LaneF32>(PiecewiseFormulas(), "libm", "scalar", tables);
  AddTablesOf<LaneF32>(ExpFormulas(), "libm", "scalar", tables);
  AddTablesOf<LaneF32>(ErfFormulas(), "libm", "scalar", tables);
}

}  // namespace actbench::peers::libm
