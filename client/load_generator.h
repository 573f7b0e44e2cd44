// SPDX-License-Identifier: Apache-2.0
// Sends one request over and over, each time when its time has come, whatever became of the earlier ones. Tested by
// load_generator_test.cc.
#ifndef ACTBENCH_CLIENT_LOAD_GENERATOR_H_
#define ACTBENCH_CLIENT_LOAD_GENERATOR_H_

#include <chrono>
#include <cstdint>

#include "absl/types/span.h"
#include "actbench/v1/evaluation.pb.h"
#include "client/cancellation.h"
#include "client/client.h"
#include "client/load_result.h"
#include "client/load_schedule.h"

namespace actbench::client {

struct LoadPlan {
  Arrivals arrivals = Arrivals::kPoisson;
  uint64_t seed = 0;
  double rate = 100;                      // requests per second
  std::chrono::nanoseconds warm_up{0};    // before what is measured, at the same rate
  std::chrono::nanoseconds duration{0};   // of what is measured
  int64_t max_in_flight = 1;              // an arrival beyond is dropped: sent later it would be another load
  std::chrono::nanoseconds slo_limit{0};  // for within_slo
};

// Ends when all that was sent has ended, so each client needs a timeout, and soon after `cancellation`, which each has
// to have too, was called. The clients take turns; there is at least one.
LoadResult GenerateLoad(absl::Span<Client> clients, const v1::EvaluateRequest& request, const LoadPlan& plan,
                        const Cancellation& cancellation);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_GENERATOR_H_
