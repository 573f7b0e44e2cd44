// SPDX-License-Identifier: Apache-2.0
// Times what is short: calls in samples long enough for the clock, after a warm-up. How well the median is known is
// decided over processes (case_run.h), not over the samples of one. Tested by sampling_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_SAMPLING_H_
#define ACTBENCH_KERNELS_MEASURE_SAMPLING_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"

namespace actbench {

struct SamplingPlan {
  std::chrono::nanoseconds warm_up = std::chrono::milliseconds(20);
  // How long a sample is to take. Reading the clock takes some 25 ns, and a processor is taken away for milliseconds:
  // long enough that the one is nothing, and short enough that most samples are spared the other.
  std::chrono::nanoseconds sample = std::chrono::microseconds(100);
  // After which no round begins.
  std::chrono::nanoseconds time = std::chrono::milliseconds(100);
  uint64_t seed = 0;  // of the order in each round
};

// Samples of one or several that are compared: in each round one of every one, in random order, so that what changes
// with time changes all of them.
struct Rounds {
  int64_t calls_per_sample = 0;                  // the same for all
  std::vector<std::vector<double>> ns_per_call;  // of each, by round; at least one round
};

// Nanoseconds of a clock that only goes forward.
using Clock = absl::FunctionRef<int64_t()>;
int64_t SteadyNow();

// Of `count` of them, of which `call` does the work of one so many times.
Rounds TakeRounds(size_t count, absl::FunctionRef<void(size_t which, int64_t times)> call, const SamplingPlan& plan,
                  Clock now = SteadyNow);

// The same for calls each of which needs something done before it that is not timed: a sample is one call, whatever it
// takes, and the clock's overhead is taken off it, but for 1 ns, so that there is nothing to be divided by 0.
Rounds TakeSingleRounds(size_t count, absl::FunctionRef<void()> prepare, absl::FunctionRef<void(size_t which)> call,
                        const SamplingPlan& plan, Clock now = SteadyNow);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_SAMPLING_H_
