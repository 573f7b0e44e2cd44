// SPDX-License-Identifier: Apache-2.0
#include "server/process_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "server/metrics.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

TEST(ProcessMetricsTest, ValuesAreThoseOfThisProcess) {
  std::atomic<bool> stop = false;
  const auto wait = [&stop] {
    while (!stop) std::this_thread::yield();
  };
  // The thread sanitizer starts one of its own beside the first.
  std::thread first(wait);
  const ProcessMetrics before = ReadProcessMetrics();
  EXPECT_GT(before.cpu_seconds, 0);
  EXPECT_GE(before.max_fds, before.open_fds);
  EXPECT_GT(before.resident_memory_bytes, 1e6);
  EXPECT_GT(before.virtual_memory_bytes, before.resident_memory_bytes);
  EXPECT_GE(before.virtual_memory_max_bytes, before.virtual_memory_bytes);
  EXPECT_GE(before.threads, 1);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(before.start_time_seconds, now + 2);
  EXPECT_GT(before.start_time_seconds, now - 3600);

  const int file = open("/dev/null", O_RDONLY);
  std::thread second(wait);
  const ProcessMetrics after = ReadProcessMetrics();
  stop = true;
  first.join();
  second.join();
  close(file);
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
  EXPECT_EQ(after.threads, before.threads + 1);
  EXPECT_GE(after.cpu_seconds, before.cpu_seconds);
  EXPECT_EQ(after.start_time_seconds, before.start_time_seconds);
  EXPECT_EQ(MetricValue(Metrics().Text(), "process_max_fds"), after.max_fds);
}

}  // namespace
}  // namespace actbench
