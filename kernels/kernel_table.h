// SPDX-License-Identifier: Apache-2.0
// What each translation unit of kernels (one for each dtype, direction and tier, and one for each peer) hands to
// backends.cc, and ours to own_plugin.cc too.
#ifndef ACTBENCH_KERNELS_KERNEL_TABLE_H_
#define ACTBENCH_KERNELS_KERNEL_TABLE_H_

#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "kernels/kernel.h"

namespace actbench {

struct KernelRow {
  std::string_view activation;
  KernelFunctions functions;
};

// The kernels of one instruction set, which the processor has, in one translation unit, in the order of the
// activations.
struct KernelTable {
  std::string_view isa;
  Direction direction;
  Dtype dtype;
  std::string_view tier;
  absl::Span<const KernelRow> rows;
  std::string_view provider = kOwnProvider;
};

using KernelTables = std::vector<KernelTable>;

// Adds the tables of provider "actbench": those of each group from the narrowest instruction set to the widest that
// this processor has.
void AddOwnTables(KernelTables& tables);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_KERNEL_TABLE_H_
