// SPDX-License-Identifier: Apache-2.0
// The kernels of this project as a plug-in, so that those of two builds can be compared in one process. Tested by
// own_plugin_test.cc.
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/catalog.h"
#include "kernels/kernel_table.h"
#include "kernels/plugin.h"

namespace actbench {
namespace {

// The table, and the strings that it points to.
class OwnPlugin {
 public:
  OwnPlugin() {
    std::map<std::string_view, const char*> parameters;  // by activation
    for (const ActivationInfo* activation : AllActivations()) {
      std::string names;
      for (const Parameter& parameter : activation->Parameters()) {
        names.append(names.empty() ? "" : ",").append(parameter.name);
      }
      parameters[activation->name] = Keep(names);
    }
    KernelTables tables;
    AddOwnTables(tables);
    for (const KernelTable& table : tables) {
      for (const KernelRow& row : table.rows) {
        kernels_.push_back({Keep(row.activation), parameters[row.activation], Keep(Name(table.direction)),
                            Keep(Name(table.dtype)), Keep(table.tier), Keep(table.isa), row.functions});
      }
    }
    // "actbench" itself is the name of the kernels in the program that loads it.
    plugin_ = {ACTBENCH_PLUGIN_ABI_VERSION, "actbench_plugin", ACTBENCH_VERSION, kernels_.data(), kernels_.size()};
  }

  const ActbenchPlugin& plugin() const { return plugin_; }

 private:
  const char* Keep(std::string_view text) { return strings_.emplace_back(text).c_str(); }

  std::deque<std::string> strings_;  // which stay where they are
  std::vector<ActbenchKernel> kernels_;
  ActbenchPlugin plugin_;
};

}  // namespace
}  // namespace actbench

const ActbenchPlugin* actbench_plugin(uint32_t /*abi_version*/) {
  static const auto* const plugin = new actbench::OwnPlugin;
  return &plugin->plugin();
}
