// SPDX-License-Identifier: Apache-2.0
// The plug-ins of the tests: this source, compiled once for each. ACTBENCH_NAME is the name of the plug-in, and says
// what is wrong with it, if anything; ACTBENCH_IS_<NAME> is defined.
#include <fenv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/plugin.h"

#ifdef ACTBENCH_IS_WRONG_VERSION
#define VERSION 2
#else
#define VERSION ACTBENCH_PLUGIN_ABI_VERSION
#endif

// Of an architecture that is not this one's.
#if defined(__x86_64__)
#define FOREIGN_ISA "neon"
#else
#define FOREIGN_ISA "avx2"
#endif

// The value of the one parameter.
static void* Prepare(const double* parameters, const struct ActbenchQuantization* quantizations) {
  double* const state = quantizations == NULL ? malloc(sizeof(*state)) : NULL;
  if (state != NULL) *state = parameters[0];
  return state;
}

static void* PrepareNothing(const double* parameters, const struct ActbenchQuantization* quantizations) {
  static char nothing;
  (void)parameters;
  return quantizations == NULL ? &nothing : NULL;
}

static void ReleaseNothing(void* state) { (void)state; }

// leaky_relu in f32.
static void LeakyRelu(const void* state, const void* const* inputs, void* const* outputs, size_t n) {
  const float slope = (float)*(const double*)state;
  for (size_t i = 0; i < n; ++i) {
    float x;
    memcpy(&x, (const char*)inputs[0] + i * sizeof(x), sizeof(x));
    const float y = x > 0 ? x : slope * x;
    memcpy((char*)outputs[0] + i * sizeof(y), &y, sizeof(y));
  }
}

// relu in bf16, by its bits.
static void Relu(const void* state, const void* const* inputs, void* const* outputs, size_t n) {
  (void)state;
#ifdef ACTBENCH_IS_ILLEGAL
  if (n > 0) raise(SIGILL);
#endif
  for (size_t i = 0; i < n; ++i) {
    uint16_t x;
    memcpy(&x, (const char*)inputs[0] + i * sizeof(x), sizeof(x));
    const uint16_t y = x >= 0x8000 && x <= 0xff80 ? 0 : x;
    memcpy((char*)outputs[0] + i * sizeof(y), &y, sizeof(y));
  }
}

static const struct ActbenchKernel kKernels[] = {
    {"leaky_relu", "negative_slope", "forward", "f32", "native", "scalar", {Prepare, LeakyRelu, free}},
    {"relu", "", "forward", "bf16", "native", "scalar", {PrepareNothing, Relu, ReleaseNothing}},
#ifdef ACTBENCH_IS_NULL_FUNCTION
    {"relu", "", "forward", "bf16", "fast", "scalar", {PrepareNothing, NULL, ReleaseNothing}},
#endif
#ifdef ACTBENCH_IS_DUPLICATE
    {"relu", "", "forward", "bf16", "native", "scalar", {PrepareNothing, Relu, ReleaseNothing}},
#endif
#ifdef ACTBENCH_IS_UNKNOWN_ACTIVATION
    {"rleu", "", "forward", "bf16", "native", "scalar", {PrepareNothing, Relu, ReleaseNothing}},
#endif
#ifdef ACTBENCH_IS_UNKNOWN_ISA
    {"relu", "", "forward", "bf16", "native", "avx1024", {PrepareNothing, Relu, ReleaseNothing}},
#endif
#ifdef ACTBENCH_IS_FOREIGN_ISA
    {"relu", "", "forward", "bf16", "native", FOREIGN_ISA, {PrepareNothing, Relu, ReleaseNothing}},
#endif
};

static const struct ActbenchPlugin kPlugin = {VERSION, ACTBENCH_NAME, "1.0 of the tests", kKernels,
                                              sizeof(kKernels) / sizeof(kKernels[0])};

#ifdef ACTBENCH_IS_CRASH
__attribute__((constructor)) static void Crash(void) { raise(SIGSEGV); }
#endif

// As -ffast-math has, which clears subnormals.
#ifdef ACTBENCH_IS_ROUNDING
__attribute__((constructor)) static void Round(void) { fesetround(FE_UPWARD); }
#endif

#ifdef ACTBENCH_IS_UNDEFINED
void actbench_undefined_function(void);
#endif

#ifdef ACTBENCH_IS_NO_SYMBOL
#define actbench_plugin actbench_plugout
ACTBENCH_PLUGIN_EXPORT const struct ActbenchPlugin* actbench_plugin(uint32_t abi_version);
#endif

const struct ActbenchPlugin* actbench_plugin(uint32_t abi_version) {
#ifdef ACTBENCH_IS_UNDEFINED
  actbench_undefined_function();
#endif
#ifdef ACTBENCH_IS_NULL_TABLE
  return NULL;
#endif
  return abi_version == 0 ? NULL : &kPlugin;
}
