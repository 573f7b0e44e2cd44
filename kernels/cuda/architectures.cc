// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/architectures.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace actbench::cuda {
namespace {

// One of them.
bool HasCodeFor(std::string_view architecture, int capability) {
  int least = 0;
  const char* const end = architecture.data() + architecture.size();
  const auto [rest, error] = std::from_chars(architecture.data(), end, least);
  if (error != std::errc()) return true;
  if (capability < least) return false;
  const std::string_view kind(rest, static_cast<size_t>(end - rest));
  if (kind.starts_with('a')) return capability == least;                               // "90a-real"
  if (kind.starts_with('f') || kind == "-real") return capability / 10 == least / 10;  // "100f", "90-real"
  return true;
}

}  // namespace

bool HaveCodeFor(std::string_view architectures, int major, int minor) {
  for (;;) {
    const size_t length = std::min(architectures.find(','), architectures.size());
    if (HasCodeFor(architectures.substr(0, length), 10 * major + minor)) return true;
    if (length == architectures.size()) return false;
    architectures.remove_prefix(length + 1);
  }
}

}  // namespace actbench::cuda
