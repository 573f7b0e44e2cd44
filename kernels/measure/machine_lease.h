// SPDX-License-Identifier: Apache-2.0
// The right to time something on this machine, which one process has at a time. Tested by machine_lease_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_MACHINE_LEASE_H_
#define ACTBENCH_KERNELS_MEASURE_MACHINE_LEASE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace actbench {

// By a lock of a file that all users of the machine can lock. The system takes it back when a process ends, however it
// does.
class MachineLease {
 public:
  // $ACTBENCH_LEASE_FILE, else actbench.lease in the directory for temporary files that all users share. Containers
  // that are to wait for one another need a common one.
  static std::string DefaultFile();

  // The lease, or null if another process has it, or this one already. UNAVAILABLE if the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<MachineLease>> Try(const std::string& file);
  ~MachineLease();
  MachineLease(const MachineLease&) = delete;
  MachineLease& operator=(const MachineLease&) = delete;

 private:
  explicit MachineLease(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_MACHINE_LEASE_H_
