// SPDX-License-Identifier: Apache-2.0
// 64 bits by which texts are told apart: FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv), which needs no library.
#ifndef ACTBENCH_KERNELS_MEASURE_HASH_H_
#define ACTBENCH_KERNELS_MEASURE_HASH_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"

namespace actbench {

// As 16 hexadecimal digits.
inline std::string Hash64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return absl::StrFormat("%016x", hash);
}

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_HASH_H_
