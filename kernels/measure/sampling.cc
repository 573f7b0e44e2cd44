// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace actbench {
namespace {

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
int64_t WarmUp(absl::FunctionRef<void(int64_t)> call, const SamplingPlan& plan, Clock now) {
  const int64_t begin = now();
  int64_t calls = 1;
  for (;;) {
    const int64_t start = now();
    call(calls);
    const int64_t end = now();
    const int64_t took = std::max<int64_t>(end - start, 1);
    if (end - begin >= plan.warm_up.count() && took >= plan.sample.count() / 10) {
      const double fill = static_cast<double>(plan.sample.count()) / static_cast<double>(took);
      return std::max<int64_t>(1, std::llround(static_cast<double>(calls) * fill));
    }
    if (took < plan.sample.count()) calls *= 2;
  }
}

// Samples, each of which `sample` takes and returns, until the plan is fulfilled.
void Take(absl::FunctionRef<double()> sample, const SamplingPlan& plan, Clock now, Samples& samples) {
  const int64_t begin = now();
  size_t next_look = std::max(1, plan.min_samples);
  for (;;) {
    samples.ns_per_call.push_back(sample());
    const int64_t elapsed = now() - begin;
    const bool last = elapsed >= plan.max_time.count();
    if (!last && (elapsed < plan.min_time.count() || samples.ns_per_call.size() < next_look)) continue;
    std::vector<double> sorted = samples.ns_per_call;
    std::sort(sorted.begin(), sorted.end());
    samples.median_interval = MedianOrderInterval(sorted);
    const double width = samples.median_interval.high - samples.median_interval.low;
    samples.converged = samples.ns_per_call.size() >= static_cast<size_t>(plan.min_samples) &&
                        width <= plan.max_relative_width * Quantile(sorted, 0.5);
    if (last || samples.converged) {
      samples.ns_per_call = std::move(sorted);
      return;
    }
    next_look = samples.ns_per_call.size() + samples.ns_per_call.size() / 4;  // so that looking takes little
  }
}

}  // namespace

int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Samples TakeSamples(absl::FunctionRef<void(int64_t)> call, const SamplingPlan& plan, Clock now) {
  Samples samples;
  samples.clock_overhead_ns = ClockOverhead(now);
  samples.calls_per_sample = WarmUp(call, plan, now);
  const auto sample = [&] {
    const int64_t start = now();
    call(samples.calls_per_sample);
    return static_cast<double>(now() - start) / static_cast<double>(samples.calls_per_sample);
  };
  Take(sample, plan, now, samples);
  return samples;
}

Samples TakeSingleSamples(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> call, const SamplingPlan& plan,
                          Clock now) {
  Samples samples;
  samples.clock_overhead_ns = ClockOverhead(now);
  samples.calls_per_sample = 1;
  const auto sample = [&] {
    prepare();
    const int64_t start = now();
    call();
    return std::max(static_cast<double>(now() - start) - samples.clock_overhead_ns, 0.0);
  };
  for (const int64_t begin = now(); now() - begin < plan.warm_up.count();) sample();
  Take(sample, plan, now, samples);
  return samples;
}

}  // namespace actbench
