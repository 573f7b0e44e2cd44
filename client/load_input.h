// SPDX-License-Identifier: Apache-2.0
// The request that `actbench load` sends over and over. Tested by load_input_test.cc.
#ifndef ACTBENCH_CLIENT_LOAD_INPUT_H_
#define ACTBENCH_CLIENT_LOAD_INPUT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "actbench/v1/catalog.pb.h"
#include "actbench/v1/evaluation.pb.h"
#include "client/item_flags.h"

namespace actbench::client {

struct LoadInputFlags : ItemFlags {
  int64_t size = 4096;  // elements of each tensor
  int64_t batch = 1;    // items
  uint64_t seed = 0;
};

// Items with tensors of normally distributed numbers, x and gate with a standard deviation of 3, which sees most of an
// activation, dy of 1; the same for the same flags. Where `activations` has no such name that is left to the server to
// say. The error names the flag: RESOURCE_EXHAUSTED, before anything is made, if the server takes no such request.
absl::StatusOr<v1::EvaluateRequest> MakeLoadRequest(const LoadInputFlags& flags,
                                                    const v1::ListActivationsResponse& activations,
                                                    const v1::Limits& limits);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_INPUT_H_
