// SPDX-License-Identifier: Apache-2.0
#include "client/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace actbench::client {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

// As from a server: log-normal around 1 ms, with a tail.
std::vector<int64_t> SomeTimes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> distribution(std::log(1e6), 2);
  std::vector<int64_t> times(count);
  for (int64_t& time : times) time = static_cast<int64_t>(distribution(random));
  return times;
}

LatencyHistogram Of(const std::vector<int64_t>& times) {
  LatencyHistogram histogram;
  for (const int64_t time : times) histogram.Record(time);
  return histogram;
}

// The upper end of the bucket that `ns` is counted in.
int64_t UpperEnd(int64_t ns) { return Of({ns}).Buckets()[0].up_to_ns; }

TEST(LatencyHistogramTest, Below256NsEachTimeHasItsBucket) {
  for (int64_t ns = 0; ns < 256; ++ns) EXPECT_EQ(UpperEnd(ns), ns);
  EXPECT_EQ(UpperEnd(256), 257);
  EXPECT_EQ(UpperEnd(257), 257);
  EXPECT_EQ(UpperEnd(258), 259);
}

TEST(LatencyHistogramTest, NoBucketIsWiderThanOnePercent) {
  std::mt19937_64 random(1);
  std::vector<int64_t> times = {kMost, kMost - 1};
  for (int bit = 8; bit < 63; ++bit) {
    const int64_t power = int64_t{1} << bit;
    for (const int64_t time : {power - 1, power, power + 1}) times.push_back(time);
    for (int i = 0; i < 100; ++i)
      times.push_back(power + static_cast<int64_t>(random() % static_cast<uint64_t>(power)));
  }
  for (const int64_t time : times) {
    const int64_t end = UpperEnd(time);
    EXPECT_GE(end, time);
    EXPECT_LE(static_cast<double>(end - time), static_cast<double>(time) / 128) << time;
  }
}

TEST(LatencyHistogramTest, BucketsDoNotOverlap) {
  for (int bit = 0; bit < 62; ++bit) {
    const int64_t end = UpperEnd(int64_t{1} << bit);
    EXPECT_EQ(UpperEnd(end), end) << "the end is in the bucket";
    EXPECT_GT(UpperEnd(end + 1), end) << "what follows is in the next";
  }
}

TEST(LatencyHistogramTest, QuantilesAreThoseOfTheTimesWithin1Percent) {
  std::vector<int64_t> times = SomeTimes(20000, 1);
  const LatencyHistogram histogram = Of(times);
  std::sort(times.begin(), times.end());
  for (const double p : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::llround(p * 20000));
    const int64_t exact = times[rank - 1];
    EXPECT_GE(histogram.Quantile(p), exact) << p;
    EXPECT_LE(static_cast<double>(histogram.Quantile(p)), static_cast<double>(exact) * (1 + 1.0 / 128)) << p;
  }
  EXPECT_EQ(histogram.Quantile(1), times.back());
  EXPECT_EQ(histogram.max(), times.back());
  EXPECT_EQ(histogram.min(), times.front());
}

TEST(LatencyHistogramTest, ARankIsNotLostToRounding) {
  LatencyHistogram histogram;
  for (int64_t ns = 1; ns <= 100; ++ns) histogram.Record(ns);
  for (int percent = 1; percent <= 100; ++percent) EXPECT_EQ(histogram.Quantile(percent / 100.0), percent);
  EXPECT_EQ(histogram.Quantile(0), 1);
  EXPECT_EQ(histogram.mean(), 50.5);
}

TEST(LatencyHistogramTest, MergingIsCountingTogether) {
  const std::vector<int64_t> first = SomeTimes(1000, 1);
  const std::vector<int64_t> second = SomeTimes(300, 2);
  std::vector<int64_t> both = first;
  both.insert(both.end(), second.begin(), second.end());
  const LatencyHistogram whole = Of(both);
  // Either may be the longer one.
  for (const auto& [target, added] : {std::pair(first, second), std::pair(second, first)}) {
    LatencyHistogram merged = Of(target);
    merged.Merge(Of(added));
    EXPECT_EQ(merged.count(), 1300);
    EXPECT_EQ(merged.min(), whole.min());
    EXPECT_EQ(merged.max(), whole.max());
    EXPECT_NEAR(merged.mean(), whole.mean(), whole.mean() * 1e-12);
    ASSERT_EQ(merged.Buckets().size(), whole.Buckets().size());
    for (size_t i = 0; i < whole.Buckets().size(); ++i) {
      EXPECT_EQ(merged.Buckets()[i].up_to_ns, whole.Buckets()[i].up_to_ns);
      EXPECT_EQ(merged.Buckets()[i].count, whole.Buckets()[i].count);
    }
  }
}

TEST(LatencyHistogramTest, NothingIs0AndStaysSoWhenMerged) {
  LatencyHistogram histogram;
  histogram.Merge(LatencyHistogram());
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_TRUE(histogram.Buckets().empty());
  histogram.Merge(Of({7}));
  EXPECT_EQ(histogram.min(), 7);
}

TEST(LatencyHistogramTest, ANegativeTimeCountsAs0) {
  const LatencyHistogram histogram = Of({-5});
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.Quantile(1), 0);
}

TEST(LatencyHistogramTest, AQuantileTakesTenTimesBeyondIt) {
  EXPECT_EQ(LeastCount(0), 10);
  EXPECT_EQ(LeastCount(0.5), 20);
  EXPECT_EQ(LeastCount(0.9), 100);
  EXPECT_EQ(LeastCount(0.99), 1000);
  EXPECT_EQ(LeastCount(0.999), 10000);
}

}  // namespace
}  // namespace actbench::client
