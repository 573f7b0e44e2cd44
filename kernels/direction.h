// SPDX-License-Identifier: Apache-2.0
// The two directions of a kernel. Depends on nothing, so that CUDA's compiler can read it too.
#ifndef ACTBENCH_KERNELS_DIRECTION_H_
#define ACTBENCH_KERNELS_DIRECTION_H_

#include <cstdint>
#include <string_view>

namespace actbench {

enum class Direction : uint8_t { kForward, kGradient };

inline std::string_view Name(Direction direction) { return direction == Direction::kForward ? "forward" : "gradient"; }

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_DIRECTION_H_
