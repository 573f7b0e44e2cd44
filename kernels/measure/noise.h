// SPDX-License-Identifier: Apache-2.0
// What disturbed a measurement, and how fast the processor's clock ran. Tested by noise_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_NOISE_H_
#define ACTBENCH_KERNELS_MEASURE_NOISE_H_

#include <cstdint>
#include <optional>
#include <string>

namespace actbench {

// Counters that only grow. What this system does not have is missing.
struct NoiseCounters {
  int64_t time_ns = 0;                       // of the steady clock
  std::optional<double> steal_s;             // that the hypervisor gave to others, of all processors together
  std::optional<double> pressure_s;          // in which some process of the machine waited for a processor (PSI)
  std::optional<int64_t> throttled_periods;  // in which a cgroup of this process used up its quota
  int64_t involuntary_switches = 0;          // of this thread: a processor was taken away from it
  int64_t minor_faults = 0;                  // of this thread
  int64_t major_faults = 0;
};

// `root` stands before /proc and /sys (tests give a directory of their own).
NoiseCounters ReadNoise(const std::string& root = "");

// What happened between two readings.
struct Noise {
  double elapsed_s = 0;
  std::optional<double> steal_ratio;     // of the time of all processors
  std::optional<double> pressure_ratio;  // of the time elapsed
  std::optional<int64_t> throttled_periods;
  int64_t involuntary_switches = 0;
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
};
Noise NoiseBetween(const NoiseCounters& before, const NoiseCounters& after, int cpus);

// The clock of the processor that runs this, in GHz: of a chain of additions, each of which takes a cycle, for about 1
// ms. What is taken away meanwhile makes it less.
double ProbeClockGhz();

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_NOISE_H_
