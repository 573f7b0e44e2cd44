// SPDX-License-Identifier: Apache-2.0
// What Prometheus' client libraries report as process_*, read from /proc. Tested by process_metrics_test.cc.
#ifndef ACTBENCH_SERVER_PROCESS_METRICS_H_
#define ACTBENCH_SERVER_PROCESS_METRICS_H_

#include <string>

namespace actbench {

// NaN where the system does not tell; infinity where there is no limit.
struct ProcessMetrics {
  double cpu_seconds;
  double open_fds;
  double max_fds;
  double virtual_memory_bytes;
  double virtual_memory_max_bytes;
  double resident_memory_bytes;
  double start_time_seconds;  // since the Unix epoch
  double threads;
};

// Those of this process, now.
ProcessMetrics ReadProcessMetrics();

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PROCESS_METRICS_H_
