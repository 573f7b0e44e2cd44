// SPDX-License-Identifier: Apache-2.0
// The file of a plug-in, until its table can be read. Only for plugins.cc; messages leave out the file. Tested by
// plugins_test.cc.
#ifndef ACTBENCH_KERNELS_PLUGIN_FILE_H_
#define ACTBENCH_KERNELS_PLUGIN_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/plugin.h"

namespace actbench {

// NOT_FOUND or INVALID_ARGUMENT if the file is no shared object for this kind of processor: the dynamic linker does not
// always say that. Nothing of it runs.
absl::Status CheckSharedObject(const std::string& path);

// 16 hexadecimal digits, a hash of all its bytes.
absl::StatusOr<std::string> HashFile(const std::string& path);

// Loads it, never to be unloaded, and returns its table, of which only the version has been checked. INVALID_ARGUMENT
// if it cannot be loaded, exports no table of a version that is known, or changes how this thread computes.
absl::StatusOr<const ActbenchPlugin*> LoadTable(const std::string& path);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_PLUGIN_FILE_H_
