// SPDX-License-Identifier: Apache-2.0
// How this program was built.
#ifndef ACTBENCH_SERVER_BUILD_INFO_H_
#define ACTBENCH_SERVER_BUILD_INFO_H_

#include <string>

namespace actbench {

struct BuildInfo {
  std::string version;           // the release, such as "0.1.0"; "unknown" outside of CMake
  std::string revision;          // the commit; empty if that was not known
  std::string compiler;          // such as "gcc 12.2.0"
  std::string grpc_version;      // of the library that runs
  std::string protobuf_version;  // of the headers built with
};

// The same on every call.
const BuildInfo& GetBuildInfo();

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BUILD_INFO_H_
