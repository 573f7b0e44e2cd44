// SPDX-License-Identifier: Apache-2.0
// For tests about the kernels of all activations: builds with ACTBENCH_FEW_KERNELS have those of a few.
#ifndef ACTBENCH_TESTS_FEW_KERNELS_H_
#define ACTBENCH_TESTS_FEW_KERNELS_H_

#include <gtest/gtest.h>

#if defined(ACTBENCH_FEW_KERNELS)
#define ACTBENCH_NEEDS_ALL_KERNELS() GTEST_SKIP() << "this build has the kernels of a few activations only"
#else
#define ACTBENCH_NEEDS_ALL_KERNELS() static_cast<void>(0)
#endif

#endif  // ACTBENCH_TESTS_FEW_KERNELS_H_
