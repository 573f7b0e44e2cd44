// SPDX-License-Identifier: Apache-2.0
// The list of backends. The only file that knows what was built in.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_groups.h"  // made by kernels/CMakeLists.txt
#include "kernels/backend.h"
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
namespace {

// All of our CPU kernels of one instruction set.
class CpuBackend final : public Backend {
 public:
  CpuBackend(std::string isa, KernelTables tables) : isa_(std::move(isa)), tables_(std::move(tables)) {}

  std::string Isa() const override { return isa_; }

  std::vector<Kernel> Kernels() const override {
    std::vector<Kernel> kernels;
    for (const KernelTable& table : tables_) {
      for (const KernelRow& row : table.rows) {
        kernels.push_back({std::string(row.activation), table.direction, table.dtype, "actbench",
                           std::string(table.tier), "cpu", isa_, row.functions});
      }
    }
    return kernels;
  }

 private:
  std::string isa_;
  KernelTables tables_;
};

KernelTables AllTables() {
  KernelTables tables;
#define ACTBENCH_ADD(group)       \
  group::AddScalarTables(tables); \
  group::AddSimdTables(tables);
  ACTBENCH_GROUPS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

}  // namespace

std::vector<std::unique_ptr<Backend>> DefaultBackends() {
  std::vector<std::pair<std::string_view, KernelTables>> by_isa;  // in the order of the tables: narrowest first
  for (const KernelTable& table : AllTables()) {
    auto found = by_isa.begin();
    while (found != by_isa.end() && found->first != table.isa) ++found;
    if (found == by_isa.end()) found = by_isa.insert(found, {table.isa, {}});
    found->second.push_back(table);
  }
  std::vector<std::unique_ptr<Backend>> backends;
  backends.reserve(by_isa.size());
  for (auto& [isa, tables] : by_isa) {
    backends.push_back(std::make_unique<CpuBackend>(std::string(isa), std::move(tables)));
  }
  return backends;
}

}  // namespace actbench
