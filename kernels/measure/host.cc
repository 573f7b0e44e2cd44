// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/host.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

// What is bound to this process, by affinity.
int AffinityCpus() {
  // The kernel refuses a set that is smaller than its own; 2^20 processors are more than it can have.
  for (size_t capacity = 1024; capacity <= size_t{1} << 20; capacity *= 2) {
    std::vector<cpu_set_t> set((capacity + CPU_SETSIZE - 1) / CPU_SETSIZE);
    const size_t bytes = set.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, set.data()) == 0) return CPU_COUNT_S(bytes, set.data());
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

std::optional<double> Quota(std::istream& quota, std::istream& period) {
  double quota_us = 0;
  double period_us = 0;
  if (!(quota >> quota_us) || !(period >> period_us) || quota_us <= 0 || period_us <= 0) return std::nullopt;
  return quota_us / period_us;
}

// The quota that a group's directory sets, in processors; none if it sets no limit ("max", -1) or there is no such
// directory. cgroup v2: one file with "max 100000" or "150000 100000".
std::optional<double> QuotaOf(const CpuGroup& group) {
  if (group.version == 2) {
    std::ifstream file(group.directory + "/cpu.max");
    return Quota(file, file);
  }
  std::ifstream quota(group.directory + "/cpu.cfs_quota_us");
  std::ifstream period(group.directory + "/cpu.cfs_period_us");
  return Quota(quota, period);
}

// Adds `group` ("/a/b") below `mount` and the groups around it, from the outermost on. Inside a container the group is
// often named as the host sees it and does not exist below the container's mount; then only the root counts.
void AddGroups(const std::string& mount, const std::string& group, int version, std::vector<CpuGroup>& groups) {
  groups.push_back({mount, version});
  for (size_t end = 0; end < group.size();) {
    end = std::min(group.find('/', end + 1), group.size());
    if (end > 1) groups.push_back({mount + group.substr(0, end), version});
  }
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

}  // namespace

std::vector<CpuGroup> CpuGroups(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::vector<CpuGroup> found;
  // Lines "ID:CONTROLLERS:GROUP"; v2 has the one line "0::GROUP", and a hybrid system has both kinds.
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      AddGroups(mount, group, 2, found);
    } else if (absl::StrCat(",", controllers, ",").find(",cpu,") != std::string::npos) {
      // The mount is "cpu,cpuacct", and mostly "cpu" is a link to it.
      AddGroups(absl::StrCat(mount, "/", controllers), group, 1, found);
      if (controllers != "cpu") AddGroups(absl::StrCat(mount, "/cpu"), group, 1, found);
    }
  }
  return found;
}

std::optional<double> CgroupCpuQuota(const std::string& root) {
  std::optional<double> smallest;
  for (const CpuGroup& group : CpuGroups(root)) {
    const std::optional<double> quota = QuotaOf(group);
    if (quota.has_value()) smallest = std::min(*quota, smallest.value_or(*quota));
  }
  return smallest;
}

int AvailableCpus(const std::string& root) {
  int cpus = AffinityCpus();
  // A quota of 1.5 processors keeps two threads busy three quarters of the time, better than one all of the time.
  const std::optional<double> quota = CgroupCpuQuota(root);
  if (quota.has_value() && *quota < cpus) cpus = static_cast<int>(std::ceil(*quota));
  return std::max(cpus, 1);
}

std::optional<size_t> AvailableMemory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  size_t kibibytes = 0;
  while (file >> name) {
    if (name == "MemAvailable:" && file >> kibibytes) return kibibytes << 10;
  }
  return std::nullopt;
}

std::string CpuInfo(std::string_view name, const std::string& root) {
  std::ifstream cpuinfo(root + "/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || Trimmed(std::string_view(line).substr(0, colon)) != name) continue;
    const std::string_view value = Trimmed(std::string_view(line).substr(colon + 1));
    if (!value.empty()) return std::string(value);
  }
  return "";
}

std::string CpuModel(const std::string& root) {
  std::string name = CpuInfo("model name", root);
  if (!name.empty()) return name;
  // Arm has no names here, only numbers.
  const std::string implementer = CpuInfo("CPU implementer", root);
  const std::string part = CpuInfo("CPU part", root);
  if (implementer.empty() && part.empty()) return "unknown";
  return "implementer " + implementer + " part " + part;
}

}  // namespace actbench
