// SPDX-License-Identifier: Apache-2.0
// Which kernels this program has. Tested by build_id_test.cc.
#ifndef ACTBENCH_SERVER_BUILD_ID_H_
#define ACTBENCH_SERVER_BUILD_ID_H_

#include <string>

namespace actbench {

// Identifies the machine code of the kernels and of the reference: 16 hexadecimal digits, a hash of the library that
// they were built into. The same in all programs of one build, another wherever one instruction differs.
std::string KernelBuildId();

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BUILD_ID_H_
