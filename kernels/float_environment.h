// SPDX-License-Identifier: Apache-2.0
// The floating-point environment, which all kernels of a thread share and other people's code may change. Tested by
// plugin_trial_test.cc.
#ifndef ACTBENCH_KERNELS_FLOAT_ENVIRONMENT_H_
#define ACTBENCH_KERNELS_FLOAT_ENVIRONMENT_H_

#include <cfenv>
#include <cstdint>
#include <string>

namespace actbench {

// What the environment of this thread was when this was made.
class FloatEnvironment {
 public:
  FloatEnvironment();

  // Puts it back. Returns what was different, status flags apart: "MXCSR is 0x9fc0 instead of 0x1f80"; or nothing.
  std::string Restore() const;

 private:
  std::fenv_t environment_;
  uint64_t control_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_FLOAT_ENVIRONMENT_H_
