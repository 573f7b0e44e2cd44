// SPDX-License-Identifier: Apache-2.0
// The trial of a plug-in in a child process, so that what would crash there, or harm other kernels, is a message here.
// Only for plugins.cc. Tested by plugin_trial_test.cc.
#ifndef ACTBENCH_KERNELS_PLUGIN_TRIAL_H_
#define ACTBENCH_KERNELS_PLUGIN_TRIAL_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/kernel.h"

namespace actbench {

// Calls `load` in a child process, and each kernel that it gives, with default parameters and a few elements. The error
// of `load` if it fails. INVALID_ARGUMENT if any of that ends the process, takes longer than `patience_seconds`, writes
// where it must not, or leaves another floating-point environment; the message has the kernel, but no file. What the
// child prints is dropped. Other threads should not hold locks that `load` takes.
absl::Status TryInChild(absl::FunctionRef<absl::StatusOr<std::vector<Kernel>>()> load, unsigned patience_seconds = 30);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_PLUGIN_TRIAL_H_
