// SPDX-License-Identifier: Apache-2.0
#include "kernels/kernel.h"

#include <algorithm>

namespace actbench {

absl::Status PreparedKernel::RunOnDevice(absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                                         size_t n) const {
  HostTensor tensor = {.elements = n};
  std::copy_n(inputs.begin(), std::min(inputs.size(), tensor.inputs.size()), tensor.inputs.begin());
  std::copy_n(outputs.begin(), std::min(outputs.size(), tensor.outputs.size()), tensor.outputs.begin());
  DeviceTimes times;
  return program_->Run({&tensor, 1}, times);
}

}  // namespace actbench
