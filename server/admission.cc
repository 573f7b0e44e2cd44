// SPDX-License-Identifier: Apache-2.0
#include "server/admission.h"

#include "absl/strings/str_cat.h"

namespace actbench {

absl::Status ByteBudget::Reserve(int64_t bytes) {
  const int64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes <= limit_ - before) return absl::OkStatus();
  Release(bytes);
  return absl::ResourceExhaustedError(absl::StrCat(
      "the request's tensors take ", bytes, " bytes of memory, and ", before, " are in work already; at most ", limit_,
      " may be at a time (--max_inflight_bytes); ", bytes > limit_ ? "send smaller ones" : "try again later"));
}

}  // namespace actbench
