// SPDX-License-Identifier: Apache-2.0
// What machine, system and compiler times are of: those of others are not compared with them. Tested by
// fingerprint_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_FINGERPRINT_H_
#define ACTBENCH_KERNELS_MEASURE_FINGERPRINT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace actbench {

// Sizes of the data caches of the first processor, in bytes; what the system does not tell is missing.
struct CacheSizes {
  std::optional<size_t> l1;
  std::optional<size_t> l2;
  std::optional<size_t> l3;
};
CacheSizes ReadCacheSizes(const std::string& root = "");

struct FingerprintField {
  std::string name;
  std::string value;  // "unknown" if the system does not tell
};

// Always the same fields in the same order. `root` stands before /proc and /sys (tests give a directory of their own).
std::vector<FingerprintField> ReadFingerprint(const std::string& root = "");

// The fields as lines "NAME: VALUE", and their Hash64.
std::string ToText(const std::vector<FingerprintField>& fingerprint);
std::string HashOf(const std::vector<FingerprintField>& fingerprint);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_FINGERPRINT_H_
