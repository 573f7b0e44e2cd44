// SPDX-License-Identifier: Apache-2.0
// The machine as this process may use it. Tested by host_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_HOST_H_
#define ACTBENCH_KERNELS_MEASURE_HOST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace actbench {

// The processors that this process may keep busy: the smaller of its scheduling affinity and its cgroup CPU quota
// rounded up; at least 1. In these functions `root` stands before /proc and /sys (tests give a directory of their own).
int AvailableCpus(const std::string& root = "");

// A directory of the cgroup controller that shares out processors.
struct CpuGroup {
  std::string directory;
  int version = 2;  // of cgroups: 1 or 2
};

// Those of this process's groups and of the groups around them, which need not exist.
std::vector<CpuGroup> CpuGroups(const std::string& root = "");

// The CPU quota in processors (1.5 for 150 ms in every 100 ms), the smallest of this process's cgroup and the groups
// around it, of cgroup v2 or v1; none if there is no limit.
std::optional<double> CgroupCpuQuota(const std::string& root = "");

// The memory that processes can still get, in bytes; none if the system does not tell.
std::optional<size_t> AvailableMemory(const std::string& root = "");

// What /proc/cpuinfo says first under this name; "" if it says nothing.
std::string CpuInfo(std::string_view name, const std::string& root = "");

// The processor's name as the operating system gives it, such as "AMD EPYC 9654 96-Core Processor"; "unknown" if it
// gives none.
std::string CpuModel(const std::string& root = "");

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_HOST_H_
