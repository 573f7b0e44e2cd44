// SPDX-License-Identifier: Apache-2.0
// A plug-in of one kernel: sigmoid from two rough powers of e, whose errors mostly cancel: 134,085 ulp, or 1.1 %, are
// left, and the limits are right. One command builds it, with the header that is installed under PREFIX:
//   cc -O3 -shared -fPIC -I PREFIX/include/actbench -o fast_sigmoid.so plugin_example.c
#include <string.h>

#include "kernels/plugin.h"

static float FromBits(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

// e^t within 6 %, for -87 <= t <= 87: t / ln 2 written into the bits of a float is an exponent and a line between two
// powers of 2. Schraudolph 1999, "A fast, compact approximation of the exponential function".
static float RoughExp(float t) { return FromBits((int32_t)(12102203 * t) + (127 << 23)); }

static void* Prepare(const double* parameters, const struct ActbenchQuantization* quantizations) {
  static char no_state;
  (void)parameters;
  return quantizations == NULL ? &no_state : NULL;
}

static void Run(const void* state, const void* const* inputs, void* const* outputs, size_t n) {
  const int32_t infinity = 0x7f800000, bits_of_174 = 0x432e0000;
  const char* const in = inputs[0];
  char* const out = outputs[0];
  (void)state;
  for (size_t i = 0; i < n; ++i) {
    int32_t x, y;
    memcpy(&x, in + i * sizeof(x), sizeof(x));
    const int32_t size = x & INT32_MAX;  // in the order of abs(x), NaN last: no branch, so that there are vectors
    const float t = FromBits((x & INT32_MIN) | (size < bits_of_174 ? size : bits_of_174)) / 2;
    const float quotient = RoughExp(t) / (RoughExp(t) + RoughExp(-t));
    memcpy(&y, &quotient, sizeof(y));
    y |= -(size > infinity);  // all bits set is NaN too
    memcpy(out + i * sizeof(y), &y, sizeof(y));
  }
}

static void Release(void* state) { (void)state; }

static const struct ActbenchKernel kKernels[] = {
    {"sigmoid", "", "forward", "f32", "native", "scalar", {Prepare, Run, Release}}};
static const struct ActbenchPlugin kPlugin = {ACTBENCH_PLUGIN_ABI_VERSION, "fast_sigmoid", "1.0", kKernels, 1};

const struct ActbenchPlugin* actbench_plugin(uint32_t abi_version) {
  (void)abi_version;
  return &kPlugin;
}
