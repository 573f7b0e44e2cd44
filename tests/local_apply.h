// SPDX-License-Identifier: Apache-2.0
// Functions for networks without a server, for tests: tanh and relu by the C library.
#ifndef ACTBENCH_TESTS_LOCAL_APPLY_H_
#define ACTBENCH_TESTS_LOCAL_APPLY_H_

#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/study/apply.h"

namespace actbench::client {

inline absl::Status ApplyLocally(absl::Span<const Application> applications) {
  for (const Application& one : applications) {
    const bool is_tanh = one.function->activation == "tanh";
    if (!is_tanh && one.function->activation != "relu") {
      return absl::NotFoundError(absl::StrCat("no ", one.function->activation));
    }
    for (size_t i = 0; i < one.size; ++i) {
      const float x = one.x[i];
      const float y = is_tanh ? std::tanh(x) : std::fmax(x, 0.0f);
      const float slope = is_tanh ? 1 - y * y : (x > 0 ? 1.0f : 0.0f);
      one.result[i] = one.upstream == nullptr ? y : one.upstream[i] * slope;
    }
  }
  return absl::OkStatus();
}

}  // namespace actbench::client

#endif  // ACTBENCH_TESTS_LOCAL_APPLY_H_
