// SPDX-License-Identifier: Apache-2.0
// How late a thread wakes up for points in time, and what of a processor that takes: by the pacer of `actbench load`
// and by sleeping alone, which Linux lets be late by its timer slack. Takes half a minute.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "client/latency_histogram.h"
#include "client/pacer.h"

namespace actbench::client {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr int kSeconds = 4;

double ProcessorSeconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class WaitUntil>
void Measure(const char* name, int per_second, const WaitUntil& wait_until) {
  LatencyHistogram late;
  const double before = ProcessorSeconds();
  const steady_clock::time_point start = steady_clock::now();
  for (int64_t i = 0; i < int64_t{kSeconds} * per_second; ++i) {
    const steady_clock::time_point time = start + nanoseconds(i * 1'000'000'000 / per_second);
    wait_until(time);
    late.Record((steady_clock::now() - time).count());
  }
  const auto us = [&](double p) { return static_cast<double>(late.Quantile(p)) / 1e3; };
  std::printf("| %s | %d | %.2f us | %.1f us | %.0f us | %.1f %% |\n", name, per_second, us(0.5), us(0.9), us(0.99),
              100 * (ProcessorSeconds() - before) / kSeconds);
}

void Main() {
  std::printf("| wait | a second | late, p50 | p90 | p99 | of a core |\n|---|---|---|---|---|---|\n");
  for (const int per_second : {100, 1000, 5000}) {
    Measure("sleep", per_second, [](steady_clock::time_point time) { std::this_thread::sleep_until(time); });
    const Cancellation cancellation;
    Pacer pacer(cancellation);
    Measure("pacer", per_second, [&](steady_clock::time_point time) { pacer.WaitUntil(time); });
  }
}

}  // namespace
}  // namespace actbench::client

int main() { actbench::client::Main(); }
