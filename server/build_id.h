// SPDX-License-Identifier: Apache-2.0
// Which kernels this program has. Tested by build_id_test.cc.
#ifndef ACTBENCH_SERVER_BUILD_ID_H_
#define ACTBENCH_SERVER_BUILD_ID_H_

#include <map>
#include <string>

namespace actbench {

// Identifies the machine code of the kernels and of the reference: 16 hexadecimal digits, a hash of the library that
// they were built into and of CalledLibraries(). The same in all programs of one build on one machine, another wherever
// one instruction differs.
std::string KernelBuildId();

// The libraries that the kernels of peers and the reference call, among those that are loaded, by their file's name:
// the build ids that the linker gave them, in hexadecimal, which change with their code.
std::map<std::string, std::string> CalledLibraries();

// The build id of kernels whose library has the hash `kernels`.
std::string BuildIdOf(const std::string& kernels, const std::map<std::string, std::string>& libraries);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BUILD_ID_H_
