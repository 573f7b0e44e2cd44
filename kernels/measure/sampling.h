// SPDX-License-Identifier: Apache-2.0
// Times what is short: calls in samples long enough for the clock, after a warm-up, until the median is known as well
// as is asked, or time is up. Tested by sampling_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_SAMPLING_H_
#define ACTBENCH_KERNELS_MEASURE_SAMPLING_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "kernels/measure/statistics.h"

namespace actbench {

struct SamplingPlan {
  std::chrono::nanoseconds warm_up = std::chrono::milliseconds(20);
  // How long a sample is to take. Reading the clock takes some 25 ns, and a processor is taken away for milliseconds:
  // long enough that the one is nothing, and short enough that most samples are spared the other.
  std::chrono::nanoseconds sample = std::chrono::microseconds(100);
  // When to stop: not before `min_time` and `min_samples`; then as soon as the median's interval (MedianOrderInterval)
  // is at most `max_relative_width` of it, and after `max_time` anyhow.
  std::chrono::nanoseconds min_time = std::chrono::milliseconds(50);
  std::chrono::nanoseconds max_time = std::chrono::seconds(1);
  int min_samples = 20;
  double max_relative_width = 0.01;
};

struct Samples {
  int64_t calls_per_sample = 0;
  std::vector<double> ns_per_call;  // ascending; at least one
  Interval median_interval;         // of ns_per_call
  bool converged = false;           // whether it is as narrow as was asked
  double clock_overhead_ns = 0;     // the least time between two readings of the clock
};

// Nanoseconds of a clock that only goes forward.
using Clock = absl::FunctionRef<int64_t()>;
int64_t SteadyNow();

// `call` does the work that is timed so many times.
Samples TakeSamples(absl::FunctionRef<void(int64_t times)> call, const SamplingPlan& plan, Clock now = SteadyNow);

// The same for calls each of which needs something done before it that is not timed: a sample is one call, whatever it
// takes, and the clock's overhead is taken off it.
Samples TakeSingleSamples(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> call, const SamplingPlan& plan,
                          Clock now = SteadyNow);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_SAMPLING_H_
