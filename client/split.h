// SPDX-License-Identifier: Apache-2.0
// Splits an item that is too large for one Evaluate call and puts the results together. That gives the same bits as one
// call would, because activations are elementwise and kernels do not depend on position. Tested by client_test.cc.
#ifndef ACTBENCH_CLIENT_SPLIT_H_
#define ACTBENCH_CLIENT_SPLIT_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "actbench/v1/catalog.pb.h"
#include "actbench/v1/evaluation.pb.h"

namespace actbench::client {

struct SplitPlan {
  int64_t elements;           // of each tensor of the whole item
  int64_t elements_per_call;  // at least 1, of all calls but the last, which may have fewer
};

// How to split `item` so that each call fits the limits; nothing if one call will do. Nothing, too, if the inputs do
// not fit together: the server says best what is wrong with them.
std::optional<SplitPlan> PlanSplit(const v1::EvaluateItem& item, const v1::Limits& limits);

// The item with elements [begin, end) of each tensor, in one dimension.
v1::EvaluateItem Slice(const v1::EvaluateItem& item, int64_t begin, int64_t end);

// Adds the result of Slice(item, begin, end) to `result`, which is empty for begin 0 and has the item's shape. INTERNAL
// if the part is not what was asked for, or not from the kernel of the parts before.
absl::Status AppendPart(v1::EvaluateResult part, int64_t begin, int64_t end, const v1::EvaluateItem& item,
                        v1::EvaluateResult& result);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_SPLIT_H_
