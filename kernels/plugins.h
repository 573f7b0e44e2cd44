// SPDX-License-Identifier: Apache-2.0
// The catalog with plug-ins (plugin.h, docs/plugins.md): how every program turns its --plugin flags into kernels.
// Tested by plugins_test.cc.
#ifndef ACTBENCH_KERNELS_PLUGINS_H_
#define ACTBENCH_KERNELS_PLUGINS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/catalog.h"

namespace actbench {

// Whether plug-ins are tried in a child process first (plugin_trial.h), so that one that would crash is an error. Who
// was started with plug-ins that have been tried, such as a worker, need not do it again.
enum class PluginTrial { kFirst, kNone };

// The catalog of DefaultBackends() and of the plug-ins: Catalog::Default() if there are none, and default limits. Each
// is the path of a shared object, or NAME=PATH to have NAME as the provider of its kernels; what comes before a "=" is
// no NAME if there is a "/" in it. NAME?=PATH leaves out kernels that are not as this program knows them, with a
// warning, where they would be an error: for a plug-in of another version of this program. A file may be given under
// several names. Where a request names no provider, the kernels of plug-ins come after all others of their tier.
//
// GPUs are looked for when all plug-ins have been tried: a process that has started a driver had better not fork.
//
// INVALID_ARGUMENT or NOT_FOUND names the file, what is wrong, what was found and what is allowed; then nothing of it
// has been loaded, if it was tried first, unless its name is that of kernels that a GPU here has. What has been loaded
// is never unloaded. One call at a time, and better before there are other threads.
absl::StatusOr<std::shared_ptr<const Catalog>> MakeCatalog(absl::Span<const std::string> plugins,
                                                           const GpuLimits& gpu_limits = {},
                                                           PluginTrial trial = PluginTrial::kFirst);

// What another process needs to have the plug-ins of this one.
struct LoadedPlugins {
  std::vector<std::string> arguments = {};                 // as MakeCatalog takes them; they were tried
  std::map<std::string, std::string> content_hashes = {};  // by provider; one that is missing may be any
};
LoadedPlugins LoadedOf(absl::Span<const std::string> arguments, const Catalog& catalog);

// The catalog of the process that has loaded them, in another one. FAILED_PRECONDITION names a file that is another one
// by now.
absl::StatusOr<std::shared_ptr<const Catalog>> MakeSameCatalog(const LoadedPlugins& plugins,
                                                               const GpuLimits& gpu_limits = {});

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_PLUGINS_H_
