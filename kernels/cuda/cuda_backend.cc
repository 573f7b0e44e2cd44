// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_backend.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cuda_groups.h"  // made by kernels/cuda/CMakeLists.txt
#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/cudnn.h"
#include "kernels/cuda/device_backend.h"

// ACTBENCH_CUDA_GROUPS(X) calls X(group) for each group of kernels of ours, ACTBENCH_CUB_GROUPS for each of CUB's.
#define ACTBENCH_DECLARE(group)     \
  namespace actbench::cuda::group { \
  LaunchTable Table();              \
  }
ACTBENCH_CUDA_GROUPS(ACTBENCH_DECLARE)
ACTBENCH_CUB_GROUPS(ACTBENCH_DECLARE)
#undef ACTBENCH_DECLARE

namespace actbench::cuda {

std::vector<LaunchTable> AllLaunchTables() {
  std::vector<LaunchTable> tables;
#define ACTBENCH_ADD(group) tables.push_back(group::Table());
  ACTBENCH_CUB_GROUPS(ACTBENCH_ADD)
  for (const LaunchTable& table : CudnnTables()) tables.push_back(table);
  ACTBENCH_CUDA_GROUPS(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return tables;
}

const LaunchRow* FindRow(std::string_view activation, Direction direction, Dtype dtype, std::string_view tier) {
  for (const LaunchTable& table : AllLaunchTables()) {
    if (table.direction != direction || table.dtype != dtype || table.tier != tier) continue;
    for (size_t i = 0; i < table.row_count; ++i) {
      if (table.provider == "actbench" && table.rows[i].activation == activation) return &table.rows[i];
    }
  }
  return nullptr;
}

std::vector<std::unique_ptr<Backend>> Backends(const GpuLimits& limits, std::vector<std::string>& warnings) {
  std::vector<std::unique_ptr<Backend>> backends;
  if (!HasRoom(limits)) return backends;
  FoundDevices found = FindDevices();
  std::move(found.warnings.begin(), found.warnings.end(), std::back_inserter(warnings));
  for (GpuInfo& info : found.devices) {
    auto device = std::make_unique<CudaDevice>(info.ordinal, info.processors);
    for (auto& backend : MakeDeviceBackends(std::move(info), std::move(device), AllLaunchTables(), limits)) {
      backends.push_back(std::move(backend));
    }
  }
  return backends;
}

}  // namespace actbench::cuda
