// SPDX-License-Identifier: Apache-2.0
// When the requests of a load begin. Tested by load_schedule_test.cc.
#ifndef ACTBENCH_CLIENT_LOAD_SCHEDULE_H_
#define ACTBENCH_CLIENT_LOAD_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <random>

namespace actbench::client {

// Poisson: as from many users that know nothing of one another, the times between two arrivals exponentially
// distributed. Constant: all the same.
enum class Arrivals : uint8_t { kPoisson, kConstant };

// As typed and printed: "poisson".
const char* ArrivalsName(Arrivals arrivals);

// A sequence of times that its arguments alone determine: nothing that happens meanwhile moves one, which is what makes
// a load open-loop.
class Schedule {
 public:
  // For `length_ns`, below 2^53. `per_second` is above 0; `seed` is of Poisson arrivals.
  Schedule(Arrivals arrivals, double per_second, int64_t length_ns, uint64_t seed);

  // Nanoseconds from the start of the load, not descending; none once it is over. Constant arrivals begin at 0.
  std::optional<int64_t> Next();

 private:
  // From 0 to 1, both excluded.
  double Uniform();

  Arrivals arrivals_;
  double gap_ns_;  // mean
  int64_t length_ns_;
  std::mt19937_64 random_;  // of which the standard says each number
  int64_t count_ = 0;       // of the arrivals so far
  double last_ns_ = 0;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_SCHEDULE_H_
