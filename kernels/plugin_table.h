// SPDX-License-Identifier: Apache-2.0
// The table of a plug-in, checked, as kernels of the catalog. Only for plugins.cc. Tested by plugin_table_test.cc.
#ifndef ACTBENCH_KERNELS_PLUGIN_TABLE_H_
#define ACTBENCH_KERNELS_PLUGIN_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/kernel.h"
#include "kernels/plugin.h"

namespace actbench {

// A checked table.
struct PluginTable {
  std::string provider;
  std::string version;
  std::vector<Kernel> kernels;        // those that this processor can run: at least one, in the order of the table
  std::vector<std::string> warnings;  // of those that it cannot, how many and why
};

// Whether a provider may be called so. `what` begins the message: "its name".
absl::Status CheckProviderName(std::string_view what, std::string_view name);

// What becomes of kernels that are not as plugin.h says, or of an activation that is not, or no longer, as they say.
enum class StrangeKernels { kRefuse, kLeaveOut };

// Reads a table of a known version, as kernels of `provider`, or of the table's own name if that is empty.
// INVALID_ARGUMENT names the first member that is not as plugin.h says, what it is and what is allowed; of
// kernels that are to be left out a warning says how many, and this of the first.
absl::StatusOr<PluginTable> ReadTable(const ActbenchPlugin& table, std::string_view provider,
                                      StrangeKernels strange = StrangeKernels::kRefuse);

// The instruction sets that kernels of this processor may have, the narrowest first.
std::vector<std::string_view> IsasOfProcessor();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_PLUGIN_TABLE_H_
