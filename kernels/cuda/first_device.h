// SPDX-License-Identifier: Apache-2.0
// What the programs that measure on the first GPU begin with.
#ifndef ACTBENCH_KERNELS_CUDA_FIRST_DEVICE_H_
#define ACTBENCH_KERNELS_CUDA_FIRST_DEVICE_H_

#include <cstdio>
#include <memory>
#include <string>

#include "kernels/cuda/cuda_device.h"

namespace actbench::cuda {

// Null where there is none. Tells that, and why others are left out, on stderr, in the name of `program`; from then on
// each line of stdout is written when it ends, so that those before a kill are kept.
inline std::unique_ptr<CudaDevice> OpenFirstDevice(const char* program) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto [devices, warnings] = FindDevices();
  for (const std::string& warning : warnings) std::fprintf(stderr, "%s: %s\n", program, warning.c_str());
  if (!devices.empty()) return std::make_unique<CudaDevice>(devices[0].ordinal, devices[0].processors);
  std::fprintf(stderr, "%s: there is no GPU here\n", program);
  return nullptr;
}

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_FIRST_DEVICE_H_
