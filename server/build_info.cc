// SPDX-License-Identifier: Apache-2.0
#include "server/build_info.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"

// Both come from CMake.
#ifndef ACTBENCH_VERSION
#define ACTBENCH_VERSION "unknown"
#endif
#ifndef ACTBENCH_REVISION
#define ACTBENCH_REVISION ""
#endif

namespace actbench {
namespace {

std::string Compiler() {
#ifdef __clang__
  return absl::StrCat("clang ", __clang_major__, ".", __clang_minor__, ".", __clang_patchlevel__);
#else
  return absl::StrCat("gcc ", __GNUC__, ".", __GNUC_MINOR__, ".", __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace

const BuildInfo& GetBuildInfo() {
  static const BuildInfo* const info =
      new BuildInfo{ACTBENCH_VERSION, ACTBENCH_REVISION, Compiler(), grpc::Version(),
                    google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)};
  return *info;
}

}  // namespace actbench
