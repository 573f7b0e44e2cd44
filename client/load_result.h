// SPDX-License-Identifier: Apache-2.0
// What a load of one rate gave, and what may be said of it. Tested by load_result_test.cc.
#ifndef ACTBENCH_CLIENT_LOAD_RESULT_H_
#define ACTBENCH_CLIENT_LOAD_RESULT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "actbench/v1/types.pb.h"
#include "client/latency_histogram.h"
#include "client/load_schedule.h"

namespace actbench::client {

// What is wanted of the latencies: that the share `quantile` of all arrivals succeeds within `limit_ms`.
struct Slo {
  double limit_ms = 0;
  double quantile = 0.99;
};

// What is sent, to whom, and how: the same for all rates.
struct LoadSetup {
  v1::Kernel kernel;  // that ran
  std::map<std::string, double> parameters;
  int64_t size = 0;           // elements of each tensor
  int64_t batch = 0;          // items of a request
  int64_t request_bytes = 0;  // of a request message
  std::string server;         // its address; empty: in this process
  Arrivals arrivals = Arrivals::kPoisson;
  uint64_t seed = 0;
  double warm_up_seconds = 0;
  double duration_seconds = 0;
  int64_t connections = 1;
  int64_t max_in_flight = 0;
  double deadline_ms = 0;
  std::optional<double> max_late_ms = {};
  std::optional<Slo> slo = {};
};

// Of the requests whose time lies in the measured time, after the warm-up. Each of `arrivals` is counted once more: as
// succeeded, as an error, dropped or unfinished.
struct LoadResult {
  double rate = 0;     // arrivals per second, as asked
  double seconds = 0;  // the measured time; where interrupted until then
  // From the start of the measured time to the last success in it; beyond `seconds` where a queue had to be worked off.
  double seconds_to_last_success = 0;
  int64_t arrivals = 0;
  int64_t succeeded = 0;
  std::map<std::string, int64_t> errors;  // by code, such as "UNAVAILABLE"
  std::string first_error;                // with its message
  int64_t dropped_in_flight = 0;          // not sent, as too many were in flight
  int64_t dropped_late = 0;               // not sent, as the generator came to it over a second late
  int64_t unfinished = 0;                 // ended by the interruption
  int64_t within_slo = 0;                 // succeeded soon enough
  bool interrupted = false;

  // In nanoseconds. Lateness, from a request's time to its sending, is of all that were sent, the others of those that
  // succeeded. Latency is from a request's time to the response.
  LatencyHistogram latency;
  LatencyHistogram lateness;
  LatencyHistogram queue;    // in the server: until the first item of the request began
  LatencyHistogram compute;  // in its kernels, over all items and threads
  LatencyHistogram copy;     // its copies, over all items
  LatencyHistogram rest;  // from sending to the response, without the last three: network, gRPC, both sides' messages

  int64_t errors_in_all() const;
  int64_t dropped() const { return dropped_in_flight + dropped_late; }
  double offered_per_second() const;
  double achieved_per_second() const;
};

// A quantile that is shown, with its name.
struct QuantileInfo {
  double p;
  const char* name;    // for people
  const char* member;  // in JSON
};
absl::Span<const QuantileInfo> ShownQuantiles();

// Whether the generator sent the requests when their time was.
struct Punctuality {
  double p = 0;  // the quantile that was looked at: the 0.99, or of few requests the 0.9 or 0.5; 0 if there are too few
  int64_t lateness_ns = 0;
  int64_t allowed_ns = 0;
  bool late = false;
};

// How late requests may be the setup says, by default a quarter of the same quantile of latency, or 0.1 ms if that is
// more. Late, too, is who had to drop requests for it. Where nothing succeeded there is nothing to mistrust.
Punctuality JudgePunctuality(const LoadSetup& setup, const LoadResult& result);

enum class SloVerdict : uint8_t { kMet, kMissed, kTooFew };
const char* SloVerdictName(SloVerdict verdict);  // in JSON

// Of all arrivals, so that a request that failed or was dropped has missed it. Those that an interruption ended do not
// count.
double ShareWithinSlo(const LoadResult& result);
SloVerdict JudgeSlo(const Slo& slo, const LoadResult& result);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_RESULT_H_
