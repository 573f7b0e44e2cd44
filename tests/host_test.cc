// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/host.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <string>
#include <thread>

#include "tests/fake_root.h"

namespace actbench {
namespace {

class HostTest : public testing::Test {
 protected:
  void Write(const std::string& path, const std::string& contents) { fake_.Write(path, contents); }

  const FakeRoot fake_;
  const std::string& root_ = fake_.path();
};

// Runs `function` in a thread that is bound to the first processor this process may use.
template <class Function>
void OnOneCpu(Function function) {
  std::thread([&] {
    cpu_set_t all;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    function();
  }).join();
}

TEST_F(HostTest, WithoutCgroupsThereIsNoQuota) {
  EXPECT_EQ(CgroupCpuQuota(root_), std::nullopt);
  EXPECT_GE(AvailableCpus(root_), 1);
}

TEST_F(HostTest, ReadsTheQuotaOfCgroup2) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 1.5);
  Write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), std::nullopt);
}

TEST_F(HostTest, TheSmallestQuotaOfTheGroupsAroundCounts) {
  Write("/proc/self/cgroup", "0::/system.slice/actbench.service\n");
  Write("/sys/fs/cgroup/system.slice/actbench.service/cpu.max", "max 100000\n");
  Write("/sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0.5);
  Write("/sys/fs/cgroup/system.slice/actbench.service/cpu.max", "20000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0.2);
}

TEST_F(HostTest, ReadsTheQuotaOfCgroup1) {
  Write("/proc/self/cgroup", "12:memory:/a\n4:cpu,cpuacct:/a\n3:cpuset:/a\n1:name=systemd:/a:b\n0::/a\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 3.0);
}

TEST_F(HostTest, AGroupNamedAsTheHostSeesItLeavesTheContainersRoot) {
  Write("/proc/self/cgroup", "4:cpu,cpuacct:/docker/0123abcd\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 2.5);
}

TEST_F(HostTest, UnreadableQuotasAreNoLimit) {
  Write("/proc/self/cgroup", "nonsense\n0::/\n:\n");
  for (const char* contents : {"", "100000", "x y", "0 100000", "100000 0", "-5 100000"}) {
    Write("/sys/fs/cgroup/cpu.max", contents);
    EXPECT_EQ(CgroupCpuQuota(root_), std::nullopt) << contents;
  }
}

TEST_F(HostTest, AQuotaIsRoundedUpAndNeverBelowOneOrAboveTheAffinity) {
  const int affinity = AvailableCpus(root_);
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/cpu.max", "1000 100000\n");
  EXPECT_EQ(AvailableCpus(root_), 1);
  Write("/sys/fs/cgroup/cpu.max", "99999900000 100000\n");
  EXPECT_EQ(AvailableCpus(root_), affinity);
  if (affinity < 2) GTEST_SKIP() << "one processor";
  Write("/sys/fs/cgroup/cpu.max", "110000 100000\n");
  EXPECT_EQ(AvailableCpus(root_), 2);
}

TEST_F(HostTest, TheAffinityCounts) {
  OnOneCpu([this] { EXPECT_EQ(AvailableCpus(root_), 1); });
}

TEST_F(HostTest, NamesTheProcessor) {
  EXPECT_EQ(CpuModel(root_), "unknown");
  Write("/proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
  EXPECT_EQ(CpuModel(root_), "implementer 0x41 part 0xd0c");
  Write("/proc/cpuinfo",
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9654 96-Core Processor \n\nprocessor\t: 1\n");
  EXPECT_EQ(CpuModel(root_), "AMD EPYC 9654 96-Core Processor");
}

TEST_F(HostTest, TellsTheMemoryThatIsLeft) {
  EXPECT_EQ(AvailableMemory(root_), std::nullopt);
  Write("/proc/meminfo", "MemTotal:       24689764 kB\nMemFree:        18000000 kB\nMemAvailable:   20000000 kB\n");
  EXPECT_EQ(AvailableMemory(root_), size_t{20000000} << 10);
}

TEST(ThisHostTest, HasAProcessorWithAName) {
  EXPECT_GE(AvailableCpus(), 1);
  EXPECT_LE(AvailableCpus(), 1 << 20);
  EXPECT_FALSE(CpuModel().empty());
}

}  // namespace
}  // namespace actbench
