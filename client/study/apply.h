// SPDX-License-Identifier: Apache-2.0
// Functions of the catalog and how they are applied to numbers, whoever computes them.
#ifndef ACTBENCH_CLIENT_STUDY_APPLY_H_
#define ACTBENCH_CLIENT_STUDY_APPLY_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "actbench/v1/types.pb.h"

namespace actbench::client {

// An activation or its gradient.
struct Function {
  std::string activation;
  v1::Direction direction = v1::DIRECTION_FORWARD;
  std::map<std::string, double> parameters = {};
};
inline Function GradientOf(const std::string& activation) { return {activation, v1::DIRECTION_GRADIENT}; }

// A function of `size` numbers in f32. Gradients are multiplied with `upstream`.
struct Application {
  const Function* function;
  const float* x;
  const float* upstream;  // null: of a forward function
  float* result;
  size_t size;
};

// Thread-safe.
using Apply = std::function<absl::Status(absl::Span<const Application> applications)>;

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_APPLY_H_
