// SPDX-License-Identifier: Apache-2.0
#include "client/load_schedule.h"

#include <cmath>

namespace actbench::client {

const char* ArrivalsName(Arrivals arrivals) { return arrivals == Arrivals::kPoisson ? "poisson" : "constant"; }

Schedule::Schedule(Arrivals arrivals, double per_second, int64_t length_ns, uint64_t seed)
    : arrivals_(arrivals), gap_ns_(1e9 / per_second), length_ns_(length_ns), random_(seed) {}

std::optional<int64_t> Schedule::Next() {
  // Constant arrivals by their number, so that what each gap is rounded by does not add up.
  last_ns_ = arrivals_ == Arrivals::kConstant ? static_cast<double>(count_) * gap_ns_
                                              : last_ns_ - gap_ns_ * std::log(Uniform());
  ++count_;
  if (!(last_ns_ < static_cast<double>(length_ns_))) return std::nullopt;  // or beyond what an integer holds
  const int64_t time_ns = std::llround(last_ns_);
  return time_ns < length_ns_ ? std::optional(time_ns) : std::nullopt;
}

double Schedule::Uniform() {
  constexpr int kUnused = 12;  // of the 64 bits: the other 52 and the half are the 53 of a double
  return (static_cast<double>(random_() >> kUnused) + 0.5) * 0x1p-52;
}

}  // namespace actbench::client
