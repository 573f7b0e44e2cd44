// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/noise.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "kernels/measure/host.h"
#include "kernels/measure/sampling.h"

namespace actbench {
namespace {

// Line "cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...", in ticks.
std::optional<double> Steal(const std::string& root) {
  std::ifstream file(root + "/proc/stat");
  std::string name;
  double ticks = 0;
  if (!(file >> name) || name != "cpu") return std::nullopt;
  for (int column = 0; column < 8; ++column) {
    if (!(file >> ticks)) return std::nullopt;
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Line "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS".
std::optional<double> Pressure(const std::string& root) {
  std::ifstream file(root + "/proc/pressure/cpu");
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> parts = absl::StrSplit(line, "total=");
  int64_t us = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &us)) return std::nullopt;
  return static_cast<double>(us) * 1e-6;
}

// A line "nr_throttled PERIODS" of cpu.stat. A group that is throttled counts, and those in it do not.
std::optional<int64_t> ThrottledPeriods(const std::string& root) {
  std::optional<int64_t> most;
  for (const CpuGroup& group : CpuGroups(root)) {
    std::ifstream file(group.directory + "/cpu.stat");
    std::string name;
    for (int64_t value = 0; file >> name >> value;) {
      if (name == "nr_throttled") most = std::max(value, most.value_or(0));
    }
  }
  return most;
}

template <class T>
std::optional<T> Grown(const std::optional<T>& before, const std::optional<T>& after) {
  if (!before.has_value() || !after.has_value()) return std::nullopt;
  return *after - *before;
}

// At most 1: the system counts at moments of its own, so that some of the time before may be in what grew.
std::optional<double> Share(const std::optional<double>& part_s, double whole_s) {
  if (!part_s.has_value()) return std::nullopt;
  return std::min(1.0, *part_s / whole_s);
}

}  // namespace

NoiseCounters ReadNoise(const std::string& root) {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return {.time_ns = SteadyNow(),
          .steal_s = Steal(root),
          .pressure_s = Pressure(root),
          .throttled_periods = ThrottledPeriods(root),
          .involuntary_switches = usage.ru_nivcsw,
          .minor_faults = usage.ru_minflt,
          .major_faults = usage.ru_majflt};
}

Noise NoiseBetween(const NoiseCounters& before, const NoiseCounters& after, int cpus) {
  Noise noise;
  noise.elapsed_s = static_cast<double>(after.time_ns - before.time_ns) * 1e-9;
  noise.throttled_periods = Grown(before.throttled_periods, after.throttled_periods);
  noise.involuntary_switches = after.involuntary_switches - before.involuntary_switches;
  noise.minor_faults = after.minor_faults - before.minor_faults;
  noise.major_faults = after.major_faults - before.major_faults;
  if (noise.elapsed_s <= 0) return noise;
  noise.steal_ratio = Share(Grown(before.steal_s, after.steal_s), noise.elapsed_s * cpus);
  noise.pressure_ratio = Share(Grown(before.pressure_s, after.pressure_s), noise.elapsed_s);
  return noise;
}

double ProbeClockGhz() {
  constexpr int kAdditions = 16;
  constexpr int kRounds = 250000;
  uint64_t sum = 0;
  uint64_t step = 1;
  asm volatile("" : "+r"(step));  // a register: Intel's newer cores add constants as they rename, in no time at all
  const int64_t start = SteadyNow();
  for (int i = 0; i < kRounds; ++i) {
    for (int j = 0; j < kAdditions; ++j) {
      sum += step;
      asm volatile("" : "+r"(sum));  // so that they are not made one
    }
  }
  return static_cast<double>(kAdditions) * kRounds / static_cast<double>(std::max<int64_t>(SteadyNow() - start, 1));
}

}  // namespace actbench
