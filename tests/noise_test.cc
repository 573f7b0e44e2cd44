// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/noise.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/fake_root.h"

namespace actbench {
namespace {

TEST(NoiseTest, CountersAreRead) {
  const FakeRoot root;
  const int64_t ticks = sysconf(_SC_CLK_TCK);
  root.Write("/proc/stat", "cpu  1 2 3 4 5 6 7 " + std::to_string(3 * ticks) + " 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
  root.Write("/proc/pressure/cpu", "some avg10=1.00 avg60=0.50 avg300=0.10 total=2500000\nfull avg10=0 total=9\n");
  root.Write("/proc/self/cgroup", "0::/a/b\n");
  root.Write("/sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 1\n");
  root.Write("/sys/fs/cgroup/a/cpu.stat", "usage_usec 5\nnr_periods 90\nnr_throttled 12\nthrottled_usec 1\n");
  root.Write("/sys/fs/cgroup/a/b/cpu.stat", "nr_periods 90\nnr_throttled 4\n");
  const NoiseCounters counters = ReadNoise(root.path());
  EXPECT_EQ(counters.steal_s, 3.0);
  EXPECT_EQ(counters.pressure_s, 2.5);
  EXPECT_EQ(counters.throttled_periods, 12);
}

TEST(NoiseTest, WhatTheSystemDoesNotHaveIsMissing) {
  const FakeRoot root;
  root.Write("/proc/stat", "intr 5\n");
  root.Write("/proc/pressure/cpu", "nothing\n");
  const NoiseCounters counters = ReadNoise(root.path());
  EXPECT_FALSE(counters.steal_s.has_value());
  EXPECT_FALSE(counters.pressure_s.has_value());
  EXPECT_FALSE(counters.throttled_periods.has_value());
  const Noise noise = NoiseBetween(counters, ReadNoise(root.path()), 2);
  EXPECT_FALSE(noise.steal_ratio.has_value());
  EXPECT_FALSE(noise.throttled_periods.has_value());
}

TEST(NoiseTest, BetweenTwoReadingsThereAreRatios) {
  NoiseCounters before;
  before.steal_s = 1;
  before.pressure_s = 5;
  before.throttled_periods = 3;
  NoiseCounters after = before;
  after.time_ns = 2000000000;
  after.steal_s = 2;
  after.pressure_s = 5.5;
  after.throttled_periods = 7;
  after.involuntary_switches = 11;
  const Noise noise = NoiseBetween(before, after, 4);
  EXPECT_EQ(noise.elapsed_s, 2);
  EXPECT_EQ(noise.steal_ratio, 0.125);
  EXPECT_EQ(noise.pressure_ratio, 0.25);
  EXPECT_EQ(noise.throttled_periods, 4);
  EXPECT_EQ(noise.involuntary_switches, 11);
}

TEST(NoiseTest, NoShareIsMoreThanAll) {
  NoiseCounters before;
  before.steal_s = 1;
  before.pressure_s = 5;
  NoiseCounters after = before;
  after.time_ns = 1000000000;
  after.steal_s = 3.01;
  after.pressure_s = 6.0009;
  const Noise noise = NoiseBetween(before, after, 2);
  EXPECT_EQ(noise.steal_ratio, 1);
  EXPECT_EQ(noise.pressure_ratio, 1);
}

TEST(NoiseTest, NewPagesAreFaults) {
  const NoiseCounters before = ReadNoise();
  constexpr size_t kBytes = 64 << 20;
  const auto pages = std::make_unique_for_overwrite<char[]>(kBytes);
  for (size_t i = 0; i < kBytes; i += 4096) *static_cast<volatile char*>(pages.get() + i) = 1;
  EXPECT_GT(NoiseBetween(before, ReadNoise(), 1).minor_faults, 16);
}

TEST(NoiseTest, TheClockIsThatOfAProcessor) {
  const double ghz = ProbeClockGhz();
  EXPECT_GT(ghz, 0.01);
  EXPECT_LT(ghz, 10);
}

}  // namespace
}  // namespace actbench
