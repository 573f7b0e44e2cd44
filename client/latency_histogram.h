// SPDX-License-Identifier: Apache-2.0
// Times counted in log-linear buckets, so that quantiles of any number of them take a fixed memory. Tested by
// latency_histogram_test.cc.
#ifndef ACTBENCH_CLIENT_LATENCY_HISTOGRAM_H_
#define ACTBENCH_CLIENT_LATENCY_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace actbench::client {

// As HdrHistogram has it (github.com/HdrHistogram): from each power of two to the next 128 buckets of one width, below
// 256 ns each nanosecond its own. The upper end of a bucket is at most 1/128 larger than what is counted in it, for any
// time up to 2^63 - 1 ns.
class LatencyHistogram {
 public:
  struct Bucket {
    int64_t up_to_ns;  // its largest time
    int64_t count;
  };

  // A negative time counts as 0.
  void Record(int64_t ns);
  void Merge(const LatencyHistogram& other);

  int64_t count() const { return count_; }
  int64_t min() const { return count_ == 0 ? 0 : min_; }  // exact; 0 of none
  int64_t max() const { return max_; }                    // exact; 0 of none
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

  // A time that at least the share p of all times, 0 <= p <= 1, does not exceed: the least of those that can be told
  // apart, so at most 1/128 too large and never too small. 0 of none.
  int64_t Quantile(double p) const;

  // Those in which something is counted, ascending.
  std::vector<Bucket> Buckets() const;

 private:
  std::vector<int64_t> counts_;  // by bucket, as long as the last one that was needed
  int64_t count_ = 0;
  int64_t min_ = std::numeric_limits<int64_t>::max();
  int64_t max_ = 0;
  double sum_ = 0;
};

// How many times it takes to speak of their p-quantile, 0 <= p < 1: ten beyond it, so 10 / (1 - p).
int64_t LeastCount(double p);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LATENCY_HISTOGRAM_H_
