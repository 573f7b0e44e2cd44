// SPDX-License-Identifier: Apache-2.0
// The C ABI of a plug-in: a shared object with kernels of its own, which `--plugin FILE.so` adds to the catalog of
// actbench-server or actbench. C11 and C++, and no other header of actbench is needed. docs/plugins.md is the guide,
// kernels/plugin_example.c a whole plug-in. Tested by plugin_table_test.cc and plugins_test.cc.
#ifndef ACTBENCH_KERNELS_PLUGIN_H_
#define ACTBENCH_KERNELS_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of everything below, its rules included. A program takes the versions that it knows and refuses others:
// docs/plugins.md, "Versions".
#define ACTBENCH_PLUGIN_ABI_VERSION 1

// The one symbol that a plug-in has to export.
#define ACTBENCH_PLUGIN_EXPORT __attribute__((visibility("default")))

// How an integer tensor stands for real numbers: real = scale * (stored - zero_point). No dtype uses it yet.
struct ActbenchQuantization {
  double scale;
  int64_t zero_point;
};

// What a kernel does: the signature of all kernels of actbench.
//   Forward:  inputs = x [, gate];     outputs = y.
//   Gradient: inputs = x [, gate], dy; outputs = dx [, dgate].
// What is in brackets is there for activations of two inputs.
//
// Threads: any. Runs with one state may overlap, and so may all other calls; a state is released once, after its last
// run.
//
// Floating point: called with the default environment (round to nearest even, subnormals kept, nothing trapped), and to
// leave it so: the control bits of MXCSR on x86, of FPCR on ARM. Status flags may change. -ffast-math and -Ofast link a
// start-up routine into the shared object that clears such bits for the whole process: a plug-in that does is refused.
//
// Failures: none can be told but by a null from `prepare`. No C++ exception may leave a function. A crash, exit() or an
// endless loop is the end of the process that called: of a server with all that it was doing. What shows on the first
// few elements is found in a child process before the plug-in is loaded, and is refused.
struct ActbenchKernelFunctions {
  // Makes the state that `run` reads. `parameters` are the values of those that ActbenchKernel names, in its order,
  // within the ranges that the activation allows; `quantizations` are one for each input and output, or null. Both are
  // valid during the call alone. Returns null if it cannot serve these: quantizations of a dtype that is not an
  // integer, or no memory. A kernel without state returns the address of anything.
  void* (*prepare)(const double* parameters, const struct ActbenchQuantization* quantizations);

  // Computes `n` elements, each from the elements at the same place of all inputs; n = 0 is allowed, and does nothing.
  // A tensor may come in pieces, so the bits of a result must not depend on where in a call or in memory it lies.
  // Buffers may have any alignment, even less than an element's: memcpy, or instructions that allow it. An output may
  // be the same buffer as an input, but does not overlap it otherwise. Nothing is written outside of `n` elements.
  void (*run)(const void* state, const void* const* inputs, void* const* outputs, size_t n);

  // Frees what `prepare` returned, which is not null.
  void (*release)(void* state);
};

// A kernel. No string may be null. ACTIVATION/DIRECTION/DTYPE/PLUG-IN/TIER/ISA is its name, which no other may have.
struct ActbenchKernel {
  const char* activation;  // the id that `actbench list` shows: "hard_swish"
  const char* parameters;  // the names of all that the activation has, in the order of that list: "alpha,limit", or ""
  const char* direction;   // "forward" or "gradient"
  const char* dtype;       // "f64", "f32", "f16" or "bf16"
  const char* tier;        // "native"; or "fast" or "exact", if it is to be compared with ours of that tier
  // What it was compiled for, and runs on alone: "scalar" is what every processor of the architecture has. On x86
  // "sse4" (SSE4.2, AES, PCLMULQDQ), "avx2" (besides AVX2, FMA, BMI1, BMI2, LZCNT, F16C) or "avx512" (besides AVX-512
  // F, CD, BW, DQ, VL), on ARM "neon" (with AES). What this processor lacks is left out, with a warning.
  const char* isa;
  struct ActbenchKernelFunctions functions;  // none of them null
};

// The table of a plug-in. It and all that it points to belong to the plug-in and do not change until the process ends;
// the shared object is never unloaded.
struct ActbenchPlugin {
  uint32_t abi_version;  // ACTBENCH_PLUGIN_ABI_VERSION; the first member in every version, and read before all others
  // The provider of its kernels, where `--plugin NAME=FILE.so` does not give another: a lower-case letter, then up to
  // 63 of these, digits and _ . - which is not "all" and not the name of a provider that there is already.
  const char* name;
  const char* version;  // tells people what they have: printable ASCII, at most 128 characters, or ""
  const struct ActbenchKernel* kernels;
  size_t kernel_count;  // at least 1
};

// Returns the table. `abi_version` is the newest that the program takes: a plug-in that has tables of several versions
// returns the newest that is not newer; others just return the one that they have, of which the program reads the
// version. Null if there is none for this machine. May be called more than once, by one thread at a time.
ACTBENCH_PLUGIN_EXPORT const struct ActbenchPlugin* actbench_plugin(uint32_t abi_version);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ACTBENCH_KERNELS_PLUGIN_H_
