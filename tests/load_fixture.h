// SPDX-License-Identifier: Apache-2.0
// Results of loads made by hand, for tests of what is said of them.
#ifndef ACTBENCH_TESTS_LOAD_FIXTURE_H_
#define ACTBENCH_TESTS_LOAD_FIXTURE_H_

#include <cstdint>

#include "client/load_result.h"

namespace actbench::client {

constexpr int64_t kMillisecond = 1'000'000;

inline LoadSetup MakeSetup() {
  LoadSetup setup;
  setup.kernel.set_name("swish/forward/f32/actbench/fast/avx2");
  setup.kernel.set_activation("swish");
  setup.kernel.set_direction(v1::DIRECTION_FORWARD);
  setup.kernel.set_dtype(v1::DTYPE_F32);
  setup.kernel.set_device("cpu");
  setup.parameters = {{"beta", 1.5}};
  setup.size = 1000;
  setup.batch = 2;
  setup.request_bytes = 8123;
  setup.server = "127.0.0.1:50052";
  setup.seed = 3;
  setup.warm_up_seconds = 1;
  setup.duration_seconds = 10;
  setup.connections = 4;
  setup.max_in_flight = 256;
  setup.deadline_ms = 500;
  return setup;
}

// `count` requests in 10 s that took 2 ms each, all of them sent on time.
inline LoadResult MakeResult(int64_t count) {
  LoadResult result;
  result.rate = 100;
  result.seconds = 10;
  result.seconds_to_last_success = 9.5;
  result.arrivals = result.succeeded = result.within_slo = count;
  for (int64_t i = 0; i < count; ++i) {
    result.latency.Record(2 * kMillisecond);
    result.lateness.Record(1000);
    result.queue.Record(kMillisecond / 4);
    result.compute.Record(kMillisecond / 2);
    result.copy.Record(kMillisecond / 8);
    result.rest.Record(kMillisecond);
  }
  return result;
}

}  // namespace actbench::client

#endif  // ACTBENCH_TESTS_LOAD_FIXTURE_H_
