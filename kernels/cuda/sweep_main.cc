// SPDX-License-Identifier: Apache-2.0
// The program cuda_sweep: compares the fast tier of every kernel with one input on the first GPU with the exact tier,
// at all inputs of f32, f16 and bf16, and prints a table; gated ones, of two inputs, are left out. Status 1 if one is
// further from it than its claim allows, 2 if there is no GPU or it failed.
#include <cstdio>
#include <memory>
#include <string>

#include "kernels/catalog.h"
#include "kernels/cuda/first_device.h"
#include "kernels/cuda/sweep.h"

namespace actbench::cuda {
namespace {

constexpr size_t kStep = size_t{1} << 26;  // elements at a time: 256 MiB of f32 in each of four buffers
// Within 2 ulp of the exact value is within 2 steps of the nearest number, or 3 where a binade ends; 0.51 is within 1.
constexpr uint32_t kMostSteps = 3;
constexpr uint32_t kMostStepsOf16Bits = 1;

// The exit status.
int SweepTable(Device& device, const LaunchTable& table) {
  int status = 0;
  for (size_t i = 0; i < table.row_count; ++i) {
    const LaunchRow& row = table.rows[i];
    const ActivationInfo& activation = **Catalog::FindActivation(row.activation);
    const LaunchRow* const exact = FindRow(row.activation, table.direction, table.dtype, "exact");
    if (activation.inputs != 1 || exact == nullptr) continue;
    const int bits = static_cast<int>(8 * SizeBytes(table.dtype));
    const absl::StatusOr<SweepResult> result =
        Sweep(device, SweepRowsOf(table.dtype), row, *exact, *ResolveParameters(activation, {}), bits, kStep);
    if (!result.ok()) {
      std::fprintf(stderr, "cuda_sweep: %s\n", result.status().ToString().c_str());
      return 2;
    }
    const uint32_t most = bits == 16 ? kMostStepsOf16Bits : kMostSteps;
    const bool is_kept = result->max_distance <= most;
    if (!is_kept) status = 1;
    std::printf("| `%s` %s %s | 2^%d | %llu | %u | 0x%x | %.4f | %u steps%s |\n", std::string(row.activation).c_str(),
                std::string(Name(table.direction)).c_str(), std::string(Name(table.dtype)).c_str(), bits,
                static_cast<unsigned long long>(result->differing), result->max_distance, result->worst_bits,
                result->seconds, most, is_kept ? "" : ": NO");
  }
  return status;
}

int Main() {
  const std::unique_ptr<CudaDevice> device = OpenFirstDevice("cuda_sweep");
  if (device == nullptr) return 2;
  std::printf("| fast tier beside the exact one | inputs | misrounded | most steps | at x | seconds | within |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  int status = 0;
  for (const LaunchTable& table : AllLaunchTables()) {
    if (table.tier != "fast" || table.dtype == Dtype::kF64) continue;
    const int of_table = SweepTable(*device, table);
    if (of_table == 2) return 2;
    if (of_table == 1) status = 1;
  }
  return status;
}

}  // namespace
}  // namespace actbench::cuda

int main() { return actbench::cuda::Main(); }
