// SPDX-License-Identifier: Apache-2.0
// The list of backends. The only file, beside own_tables.cc, that knows what was built in.
#include "kernels/backends.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_groups.h"  // made by kernels/CMakeLists.txt
#include "kernels/kernel_table.h"

// ACTBENCH_PEERS(X) calls X(peer) for each peer of kernels/peers/CMakeLists.txt that was built.
#define ACTBENCH_DECLARE(peer)          \
  namespace actbench::peers::peer {     \
  void AddTables(KernelTables& tables); \
  }
ACTBENCH_PEERS(ACTBENCH_DECLARE)
#undef ACTBENCH_DECLARE

#if ACTBENCH_HAS_CUDA
#include "kernels/cuda/cuda_backend.h"
#endif

namespace actbench {
namespace {

// All CPU kernels of one provider and instruction set.
class CpuBackend final : public Backend {
 public:
  CpuBackend(std::string_view provider, std::string_view isa) : provider_(provider), isa_(isa) {}

  void Add(const KernelTable& table) { tables_.push_back(table); }

  std::string Isa() const override { return isa_; }
  std::string Provider() const override { return provider_; }

  std::vector<Kernel> Kernels() const override {
    std::vector<Kernel> kernels;
    for (const KernelTable& table : tables_) {
      for (const KernelRow& row : table.rows) {
        kernels.push_back({std::string(row.activation), table.direction, table.dtype, provider_,
                           std::string(table.tier), "cpu", isa_, row.functions});
      }
    }
    return kernels;
  }

 private:
  std::string provider_;
  std::string isa_;
  KernelTables tables_;
};

KernelTables AllTables() {
  KernelTables tables;
#define ACTBENCH_ADD(peer) peers::peer::AddTables(tables);
  ACTBENCH_PEERS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  AddOwnTables(tables);
  return tables;
}

}  // namespace

std::vector<std::unique_ptr<Backend>> CpuBackends() {
  std::vector<std::unique_ptr<CpuBackend>> made;  // in the order of the tables: of each provider the narrowest first
  for (const KernelTable& table : AllTables()) {
    auto found = std::find_if(made.begin(), made.end(), [&](const auto& backend) {
      return backend->Provider() == table.provider && backend->Isa() == table.isa;
    });
    if (found == made.end()) found = made.insert(found, std::make_unique<CpuBackend>(table.provider, table.isa));
    (*found)->Add(table);
  }
  std::vector<std::unique_ptr<Backend>> backends;
  backends.reserve(made.size());
  for (auto& backend : made) backends.push_back(std::move(backend));
  return backends;
}

std::vector<std::unique_ptr<Backend>> GpuBackends([[maybe_unused]] const GpuLimits& limits,
                                                  [[maybe_unused]] std::vector<std::string>& warnings) {
#if ACTBENCH_HAS_CUDA
  return cuda::Backends(limits, warnings);
#else
  return {};
#endif
}

std::vector<std::unique_ptr<Backend>> DefaultBackends(const GpuLimits& gpu_limits, std::vector<std::string>* warnings) {
  std::vector<std::unique_ptr<Backend>> backends = CpuBackends();
  std::vector<std::string> ignored;
  for (auto& backend : GpuBackends(gpu_limits, warnings == nullptr ? ignored : *warnings)) {
    backends.push_back(std::move(backend));
  }
  return backends;
}

}  // namespace actbench
