// SPDX-License-Identifier: Apache-2.0
#include "server/host.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <functional>
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

// The quota that a group's directory sets, in processors; none if it sets no limit ("max", -1) or there is no such
// directory.
using ReadQuota = std::function<std::optional<double>(const std::string& directory)>;

std::optional<double> Quota(std::istream& quota, std::istream& period) {
  double quota_us = 0;
  double period_us = 0;
  if (!(quota >> quota_us) || !(period >> period_us) || quota_us <= 0 || period_us <= 0) return std::nullopt;
  return quota_us / period_us;
}

// cgroup v2: one file with "max 100000" or "150000 100000".
std::optional<double> QuotaV2(const std::string& directory) {
  std::ifstream file(directory + "/cpu.max");
  return Quota(file, file);
}

std::optional<double> QuotaV1(const std::string& directory) {
  std::ifstream quota(directory + "/cpu.cfs_quota_us");
  std::ifstream period(directory + "/cpu.cfs_period_us");
  return Quota(quota, period);
}

std::optional<double> Smaller(std::optional<double> a, std::optional<double> b) {
  if (a.has_value() && b.has_value()) return std::min(*a, *b);
  return a.has_value() ? a : b;
}

// The smallest quota of `group` ("/a/b") below `mount` and of the groups around it. Inside a container the group is
// often named as the host sees it and does not exist below the container's mount; then only the root counts.
std::optional<double> SmallestQuota(const std::string& mount, std::string group, const ReadQuota& read_quota) {
  std::optional<double> smallest = read_quota(mount);
  while (!group.empty()) {
    smallest = Smaller(smallest, read_quota(mount + group));
    const size_t slash = group.rfind('/');
    group.resize(slash == std::string::npos ? 0 : slash);
  }
  return smallest;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

}  // namespace

std::optional<double> CgroupCpuQuota(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::optional<double> smallest;
  // Lines "ID:CONTROLLERS:GROUP"; v2 has the one line "0::GROUP", and a hybrid system has both kinds.
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      smallest = Smaller(smallest, SmallestQuota(mount, group, QuotaV2));
    } else if (absl::StrCat(",", controllers, ",").find(",cpu,") != std::string::npos) {
      // The mount is "cpu,cpuacct", and mostly "cpu" is a link to it.
      smallest = Smaller(smallest, SmallestQuota(absl::StrCat(mount, "/", controllers), group, QuotaV1));
      smallest = Smaller(smallest, SmallestQuota(absl::StrCat(mount, "/cpu"), group, QuotaV1));
    }
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

std::string CpuModel(const std::string& root) {
  std::ifstream cpuinfo(root + "/proc/cpuinfo");
  std::string implementer;
  std::string part;
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string_view name = Trimmed(std::string_view(line).substr(0, colon));
    const std::string_view value = Trimmed(std::string_view(line).substr(colon + 1));
    if (name == "model name" && !value.empty()) return std::string(value);
    // Arm has no names here, only numbers.
    if (name == "CPU implementer") implementer = value;
    if (name == "CPU part") part = value;
  }
  if (implementer.empty() && part.empty()) return "unknown";
  return "implementer " + implementer + " part " + part;
}

}  // namespace actbench
