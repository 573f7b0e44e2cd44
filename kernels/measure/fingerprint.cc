// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/fingerprint.h"

#include <sys/utsname.h>

#include <cstdio>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kernels/measure/hash.h"
#include "kernels/measure/host.h"

namespace actbench {
namespace {

constexpr char kUnknown[] = "unknown";
constexpr char kCpu0[] = "/sys/devices/system/cpu/cpu0";

std::string FirstLine(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line.empty() ? kUnknown : line;
}

// "48K", "2M".
std::optional<size_t> Bytes(const std::string& size) {
  size_t number = 0;
  char unit = 0;
  if (std::sscanf(size.c_str(), "%zu%c", &number, &unit) != 2 || (unit != 'K' && unit != 'M')) return std::nullopt;
  return number << (unit == 'K' ? 10 : 20);
}

std::string Caches(const std::string& root) {
  const CacheSizes sizes = ReadCacheSizes(root);
  std::string text;
  for (const auto& [name, size] : {std::pair("l1", sizes.l1), std::pair("l2", sizes.l2), std::pair("l3", sizes.l3)}) {
    if (size.has_value()) absl::StrAppend(&text, text.empty() ? "" : ", ", name, " ", *size >> 10, " KiB");
  }
  return text.empty() ? kUnknown : text;
}

std::string Hypervisor(const std::string& root) {
  const std::string flags = CpuInfo("flags", root);
  if (flags.empty()) return kUnknown;
  return absl::StrContains(absl::StrCat(" ", flags, " "), " hypervisor ") ? "yes" : "no";
}

std::string Microcode(const std::string& root) {
  const std::string version = CpuInfo("microcode", root);
  return version.empty() ? kUnknown : version;
}

std::string SystemRelease() {
  utsname system = {};
  if (uname(&system) != 0) return kUnknown;
  return absl::StrCat(system.sysname, " ", system.release, " ", system.machine);
}

}  // namespace

CacheSizes ReadCacheSizes(const std::string& root) {
  CacheSizes sizes;
  for (int index = 0; index < 8; ++index) {
    const std::string directory = absl::StrCat(root, kCpu0, "/cache/index", index);
    if (FirstLine(directory + "/type") == "Instruction") continue;
    const std::string level = FirstLine(directory + "/level");
    std::optional<size_t>* const size = level == "1"   ? &sizes.l1
                                        : level == "2" ? &sizes.l2
                                        : level == "3" ? &sizes.l3
                                                       : nullptr;
    if (size != nullptr) *size = Bytes(FirstLine(directory + "/size"));
  }
  return sizes;
}

std::vector<FingerprintField> ReadFingerprint(const std::string& root) {
  return {{"processor", CpuModel(root)},
          {"microcode", Microcode(root)},
          {"processors", absl::StrCat(AvailableCpus(root))},
          {"caches", Caches(root)},
          {"simultaneous multithreading", FirstLine(root + "/sys/devices/system/cpu/smt/control")},
          {"frequency governor", FirstLine(root + std::string(kCpu0) + "/cpufreq/scaling_governor")},
          {"hypervisor", Hypervisor(root)},
          {"system", SystemRelease()},
          {"compiler", __VERSION__}};
}

std::string ToText(const std::vector<FingerprintField>& fingerprint) {
  std::string text;
  for (const FingerprintField& field : fingerprint) absl::StrAppend(&text, field.name, ": ", field.value, "\n");
  return text;
}

std::string HashOf(const std::vector<FingerprintField>& fingerprint) { return Hash64(ToText(fingerprint)); }

}  // namespace actbench
