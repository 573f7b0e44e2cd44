// SPDX-License-Identifier: Apache-2.0
// The kernels of this project, of every group that CMake makes.
#include "kernel_groups.h"  // made by kernels/CMakeLists.txt
#include "kernels/kernel_table.h"

// ACTBENCH_GROUPS(X) calls X(group) for each group of kernels/CMakeLists.txt.
#define ACTBENCH_DECLARE(group)               \
  namespace actbench::group {                 \
  void AddScalarTables(KernelTables& tables); \
  void AddSimdTables(KernelTables& tables);   \
  }
ACTBENCH_GROUPS(ACTBENCH_DECLARE)
#undef ACTBENCH_DECLARE

namespace actbench {

void AddOwnTables(KernelTables& tables) {
#define ACTBENCH_ADD(group)       \
  group::AddScalarTables(tables); \
  group::AddSimdTables(tables);
  ACTBENCH_GROUPS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
}

}  // namespace actbench
