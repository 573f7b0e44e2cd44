// SPDX-License-Identifier: Apache-2.0
// A GPU that is none, for tests of servers that have one: "cuda:0" with forward relu and gradient relu in f32, on a
// FakeDevice.
#ifndef ACTBENCH_TESTS_FAKE_GPU_H_
#define ACTBENCH_TESTS_FAKE_GPU_H_

#include <memory>
#include <utility>
#include <vector>

#include "kernels/catalog.h"
#include "kernels/cuda/device_backend.h"
#include "tests/fake_device.h"

namespace actbench {

class FakeGpu {
 public:
  explicit FakeGpu(const GpuLimits& limits = {}) {
    auto device = std::make_unique<FakeDevice>();
    device_ = device.get();
    const GpuInfo info = {.ordinal = 0,
                          .device = "cuda:0",
                          .model = "Fake 1000",
                          .uuid = "GPU-00000000-0000-0000-0000-000000000001",
                          .pci_bus_id = "0000:01:00.0",
                          .isa = "sm_90",
                          .driver = "13.0",
                          .runtime = "13.0",
                          .processors = 7,
                          .memory_bytes = int64_t{1} << 30,
                          .l2_bytes = int64_t{1} << 20,
                          .clock_hz = 1'500'000'000,
                          .memory_clock_hz = 2'500'000'000,
                          .memory_bus_bits = 512};
    std::vector<std::unique_ptr<Backend>> backends = DefaultBackends();
    std::erase_if(backends, [](const auto& backend) { return backend->gpu() != nullptr; });
    for (auto& backend : cuda::MakeDeviceBackends(info, std::move(device), Tables(), limits)) {
      backends.push_back(std::move(backend));
    }
    catalog_ = std::make_unique<Catalog>(backends);
  }

  const Catalog& catalog() const { return *catalog_; }
  // What a test has to fail; lives as long as the catalog.
  FakeDevice& device() { return *device_; }

 private:
  template <bool kGradient>
  static int LaunchRelu(const cuda::Launch& launch) {
    for (size_t t = 0; t < launch.tensor_count; ++t) {
      const cuda::TensorBuffers& tensor = launch.tensors[t];
      const auto* const x = static_cast<const float*>(tensor.inputs[0]);
      const auto* const from = static_cast<const float*>(tensor.inputs[kGradient ? 1 : 0]);
      auto* const out = static_cast<float*>(tensor.outputs[0]);
      for (uint64_t i = 0; i < tensor.elements; ++i) out[i] = x[i] > 0 ? from[i] : 0;
    }
    return 0;
  }

  static std::vector<cuda::LaunchTable> Tables() {
    static constexpr cuda::LaunchRow kForward[] = {{"relu", 0, 1, 1, &LaunchRelu<false>}};
    static constexpr cuda::LaunchRow kGradient[] = {{"relu", 0, 2, 1, &LaunchRelu<true>}};
    return {{Direction::kForward, Dtype::kF32, "fast", kForward, 1},
            {Direction::kGradient, Dtype::kF32, "fast", kGradient, 1}};
  }

  FakeDevice* device_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_FAKE_GPU_H_
