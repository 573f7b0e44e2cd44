// SPDX-License-Identifier: Apache-2.0
// Subnormal inputs spared, on x86, where a processor takes a hundred times as long for a product that has a subnormal
// factor or is subnormal. It tells in a flag (MXCSR's DE) that a factor was, so that a tensor without them costs a look
// at the flag after each block. A block with them is computed once more, with numbers in their place from whose results
// theirs follow: near 0 an activation is a constant or a multiple of x on either side, and a gradient is a multiple of
// dy. That is done for x with default parameters and for dy, by kernels of one input that compute f32 in f32 lanes or
// f64. subnormals.inc has the loops, which are compiled for each instruction set.
#ifndef ACTBENCH_KERNELS_SUBNORMALS_H_
#define ACTBENCH_KERNELS_SUBNORMALS_H_

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace actbench {

// KernelFunctions::run, of a part of a tensor whose outputs are stored past the caches, or not.
using RunPart = void (*)(const void* state, const void* const* inputs, void* const* outputs, size_t n, bool streams);

// A kernel of one output, and of one input, x, or of two, x and dy.
struct KernelPart {
  RunPart run;
  const void* state;
  size_t inputs;
  bool is_default;  // has the default parameters, none of which is tiny or huge
  bool streams;     // stores its outputs past the caches
};

// kX takes the place of a subnormal x, with its sign: so large that its square is a normal number, so small that
// nothing else of it is seen. Products come out as multiples of 1 / kBack of what they are, so that they are normal
// numbers; the last bit of kSum is then the least number of all, and adding kSum rounds to its multiples.
template <class T>
struct Stand;
template <>
struct Stand<float> {
  static constexpr double kX = 0x1p-60;
  static constexpr double kSum = 0x1p-41;
  static constexpr double kBack = 0x1p-85;
};
template <>
struct Stand<double> {
  static constexpr double kX = 0x1p-400;
  static constexpr double kSum = 0x1p-448;
  static constexpr double kBack = 0x1p-574;
};

// How the results at a subnormal x follow from those at kX and -kX.
enum class NearZero {
  kUnknown,
  kConstant,    // they are the same
  kMultiple,    // as much smaller, rounded once
  kComplement,  // for x > 0 what half of x, rounded, leaves of it; else the multiple
};

// What the kernel's own results show, at kX and at 3 times the least number. With other parameters than the defaults
// results may be rounded twice, or there may be a kink at a subnormal number.
template <class T>
NearZero FindNearZero(const KernelPart& part) {
  if (!part.is_default) return NearZero::kUnknown;
  const T unit = static_cast<T>(Stand<T>::kX);
  const T least = std::numeric_limits<T>::denorm_min();
  const T x[] = {unit, -unit, 3 * least, -3 * least};
  const T dy[] = {1, 1, 1, 1};
  T y[4];
  const void* const inputs[] = {x, dy};
  void* const outputs[] = {y};
  part.run(part.state, inputs, outputs, 4, false);
  if (std::memcmp(y, y + 2, sizeof(y) / 2) == 0) return NearZero::kConstant;
  if (part.inputs == 2) return NearZero::kUnknown;
  const auto multiple = [&](int i) { return std::nearbyint(3 * (y[i] / unit)) * least == y[2 + i]; };
  if (!multiple(1)) return NearZero::kUnknown;
  if (multiple(0)) return NearZero::kMultiple;
  return y[0] == unit / 2 && y[2] == least ? NearZero::kComplement : NearZero::kUnknown;
}

#if defined(__SSE__)
// Of this thread. A kernel may change the flag (plugin.h).
inline bool DenormalFlagIsUp() { return (_mm_getcsr() & _MM_EXCEPT_DENORM) != 0; }
inline void LowerDenormalFlag() {
  if (DenormalFlagIsUp()) _mm_setcsr(_mm_getcsr() & ~_MM_EXCEPT_DENORM);
}

// Whether the processor is told to take 0 for subnormal numbers.
inline bool SubnormalsAreZeros() {
  constexpr unsigned kDenormalsAreZeros = 0x40;
  return (_mm_getcsr() & (_MM_FLUSH_ZERO_MASK | kDenormalsAreZeros)) != 0;
}
#endif

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_SUBNORMALS_H_
