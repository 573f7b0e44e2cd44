// SPDX-License-Identifier: Apache-2.0
// Checks one item of an Evaluate request and finds everything that is needed to run it. Tested by evaluate_test.cc.
#ifndef ACTBENCH_SERVER_EVALUATE_PLAN_H_
#define ACTBENCH_SERVER_EVALUATE_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/evaluation.pb.h"
#include "kernels/accuracy/error.h"
#include "kernels/catalog.h"
#include "server/limits.h"

namespace actbench {

// The longest id of an item: it comes back in the result, whatever becomes of the item.
inline constexpr size_t kMaxIdBytes = 1024;

// An item that is ready to run. Borrows the item and the buffers of its inputs, which the run overwrites.
struct EvaluatePlan {
  v1::EvaluateItem* item;
  const ActivationInfo* activation;
  const Kernel* kernel;
  std::vector<double> parameters;  // all of the activation's, in order
  PreparedKernel prepared;
  std::optional<ErrorMeter> meter;  // if the error is wanted
  Dtype output_dtype;
  size_t elements;
  size_t input_count;
  size_t output_count;
  std::array<char*, 3> inputs;  // x [, gate] [, dy]

  bool on_device() const { return prepared.on_device() != nullptr; }
  // Whether the outputs can go where x (and gate) came from.
  bool in_place() const { return output_dtype == kernel->dtype; }
  int64_t input_bytes() const { return static_cast<int64_t>(elements * input_count * SizeBytes(kernel->dtype)); }
  int64_t output_bytes() const { return static_cast<int64_t>(elements * output_count * SizeBytes(output_dtype)); }
};

// The status is the item's, with the codes that ItemStatus in evaluation.proto lists.
absl::StatusOr<EvaluatePlan> PlanItem(v1::EvaluateItem& item, const Catalog& catalog, const Limits& limits);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_EVALUATE_PLAN_H_
