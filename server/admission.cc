// SPDX-License-Identifier: Apache-2.0
#include "server/admission.h"

#include "absl/strings/str_cat.h"

namespace actbench {

absl::Status ByteBudget::Reserve(int64_t bytes) {
  int64_t before = used();
  while (bytes <= limit_ - before) {
    if (used_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed)) return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat("the request and its results take ", bytes, " bytes of memory, and ",
                                                   before, " are in work already; at most ", limit_,
                                                   " may be at a time (--max_inflight_bytes); ",
                                                   bytes > limit_ ? "send smaller requests" : "try again later"));
}

}  // namespace actbench
