// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace actbench {
namespace {

// The least time between two readings.
double ClockOverhead(Clock now) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < 100; ++i) {
    const int64_t start = now();
    least = std::min(least, now() - start);
  }
  return static_cast<double>(least);
}

// Warms up, twice as many calls each time, and finds out how many fill a sample: by the last of these measurements,
// which took at least a tenth of a sample.
int64_t WarmUp(absl::FunctionRef<void(int64_t)> call, const SamplingPlan& plan, std::chrono::nanoseconds sample,
               Clock now) {
  const int64_t begin = now();
  int64_t calls = 1;
  for (;;) {
    const int64_t start = now();
    call(calls);
    const int64_t end = now();
    const int64_t took = std::max<int64_t>(end - start, 1);
    if (end - begin >= plan.warm_up.count() && took >= sample.count() / 10) {
      const double fill = static_cast<double>(sample.count()) / static_cast<double>(took);
      return std::max<int64_t>(1, std::llround(static_cast<double>(calls) * fill));
    }
    if (took < sample.count()) calls *= 2;
  }
}

// Of samples that `sample` takes and returns.
void Take(size_t count, absl::FunctionRef<double(size_t)> sample, const SamplingPlan& plan, Clock now, Rounds& rounds) {
  std::mt19937_64 random(plan.seed);
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  rounds.ns_per_call.resize(count);
  const int64_t begin = now();
  do {
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t which : order) rounds.ns_per_call[which].push_back(sample(which));
  } while (now() - begin < plan.time.count());
}

}  // namespace

int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Rounds TakeRounds(size_t count, absl::FunctionRef<void(size_t, int64_t)> call, const SamplingPlan& plan, Clock now) {
  const auto all = [&](int64_t times) {
    for (size_t which = 0; which < count; ++which) call(which, times);
  };
  Rounds rounds;
  rounds.calls_per_sample = WarmUp(all, plan, plan.sample * static_cast<int64_t>(count), now);
  const auto sample = [&](size_t which) {
    const int64_t start = now();
    call(which, rounds.calls_per_sample);
    return static_cast<double>(now() - start) / static_cast<double>(rounds.calls_per_sample);
  };
  Take(count, sample, plan, now, rounds);
  return rounds;
}

Rounds TakeSingleRounds(size_t count, absl::FunctionRef<void()> prepare, absl::FunctionRef<void(size_t)> call,
                        const SamplingPlan& plan, Clock now) {
  const double overhead = ClockOverhead(now);
  const auto sample = [&](size_t which) {
    prepare();
    const int64_t start = now();
    call(which);
    return std::max(static_cast<double>(now() - start) - overhead, 1.0);
  };
  for (const int64_t begin = now(); now() - begin < plan.warm_up.count();) {
    for (size_t which = 0; which < count; ++which) sample(which);
  }
  Rounds rounds;
  rounds.calls_per_sample = 1;
  Take(count, sample, plan, now, rounds);
  return rounds;
}

}  // namespace actbench
