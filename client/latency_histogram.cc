// SPDX-License-Identifier: Apache-2.0
#include "client/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace actbench::client {
namespace {

constexpr int kBits = 7;
constexpr uint64_t kPerOctave = uint64_t{1} << kBits;
// More than what rounding adds to p * n, and less than what matters.
constexpr double kRounding = 1e-12;

// A time below 2 kPerOctave is its own bucket; of the others, whose highest kBits + 1 bits tell the bucket, each octave
// has the next kPerOctave.
size_t BucketOf(uint64_t ns) {
  const int shift = std::max(static_cast<int>(std::bit_width(ns)) - kBits - 1, 0);
  return (static_cast<uint64_t>(shift) << kBits) + (ns >> shift);
}

int64_t LargestOf(size_t bucket) {
  if (bucket < 2 * kPerOctave) return static_cast<int64_t>(bucket);
  const uint64_t shift = (bucket >> kBits) - 1;
  const uint64_t highest_bits = kPerOctave + (bucket & (kPerOctave - 1));
  return static_cast<int64_t>(((highest_bits + 1) << shift) - 1);
}

}  // namespace

void LatencyHistogram::Record(int64_t ns) {
  ns = std::max<int64_t>(ns, 0);
  const size_t bucket = BucketOf(static_cast<uint64_t>(ns));
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  min_ = std::min(min_, ns);
  max_ = std::max(max_, ns);
  sum_ += static_cast<double>(ns);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  counts_.resize(std::max(counts_.size(), other.counts_.size()));
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

int64_t LatencyHistogram::Quantile(double p) const {
  const auto rank = static_cast<int64_t>(std::ceil(p * static_cast<double>(count_) * (1 - kRounding)));
  int64_t up_to = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    up_to += counts_[i];
    if (counts_[i] > 0 && up_to >= rank) return std::min(LargestOf(i), max_);
  }
  return max_;
}

std::vector<LatencyHistogram::Bucket> LatencyHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) buckets.push_back({LargestOf(i), counts_[i]});
  }
  return buckets;
}

int64_t LeastCount(double p) { return static_cast<int64_t>(std::ceil(10 / (1 - p) * (1 - kRounding))); }

}  // namespace actbench::client
