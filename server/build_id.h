// SPDX-License-Identifier: Apache-2.0
// Which kernels this program has, and which those of plug-ins are. Tested by build_id_test.cc.
#ifndef ACTBENCH_SERVER_BUILD_ID_H_
#define ACTBENCH_SERVER_BUILD_ID_H_

#include <map>
#include <string>

#include "absl/types/span.h"
#include "kernels/backend.h"

namespace actbench {

// Identifies the machine code of the kernels and of the reference: 16 hexadecimal digits, a hash of the libraries that
// they were built into and of CalledLibraries(). The same in all programs of one build on one machine, another wherever
// one instruction differs.
std::string KernelBuildId();

// The same of the kernels of each plug-in, by its provider: hashes of KernelBuildId(), the provider and the file that
// it was loaded from. Not of the libraries that the plug-in calls.
std::map<std::string, std::string> PluginBuildIds(absl::Span<const PluginInfo> plugins);

// The libraries that the kernels of peers and the reference call, among those that are loaded, by their file's name:
// the build ids that the linker gave them, in hexadecimal, which change with their code.
std::map<std::string, std::string> CalledLibraries();

// The build id of kernels whose library has the hash `kernels`.
std::string BuildIdOf(const std::string& kernels, const std::map<std::string, std::string>& libraries);

// The build ids of all kernels.
class BuildIds {
 public:
  // `own`: of those that are part of this program; `plugins`: of the others, by provider.
  explicit BuildIds(std::string own, std::map<std::string, std::string> plugins = {});

  // Of the kernels of this provider.
  const std::string& Of(const std::string& provider) const;
  // All of them, as an array.
  const std::string& Json() const { return json_; }

 private:
  const std::string own_;
  const std::map<std::string, std::string> plugins_;
  std::string json_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BUILD_ID_H_
