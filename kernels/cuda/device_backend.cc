// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_backend.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "kernels/cuda/device_queue.h"
#include "kernels/cuda/device_timer.h"
#include "kernels/cuda/nvml.h"

namespace actbench::cuda {
namespace {

QueueLimits ToQueueLimits(const GpuLimits& limits) {
  return {.device_bytes = static_cast<size_t>(limits.memory_bytes),
          .pinned_bytes = static_cast<size_t>(limits.pinned_bytes)};
}

// A device and its queue, which all of its kernels share.
class DeviceGpu final : public TimedGpu {
 public:
  DeviceGpu(GpuInfo info, std::unique_ptr<Device> device, const GpuLimits& limits)
      : info_(std::move(info)),
        limits_(ToQueueLimits(limits)),
        device_(std::move(device)),
        queue_(info_.device, *device_, limits_) {}

  const GpuInfo& info() const override { return info_; }
  absl::Status health() const override { return queue_.health(); }
  GpuUse use() const override {
    const QueueCounts counts = queue_.counts();
    return {.device_bytes = static_cast<int64_t>(counts.device_bytes),
            .device_bytes_limit = static_cast<int64_t>(limits_.device_bytes),
            .pinned_bytes = static_cast<int64_t>(counts.pinned_bytes),
            .pinned_bytes_limit = static_cast<int64_t>(limits_.pinned_bytes),
            .launches = static_cast<int64_t>(counts.launches),
            .graph_launches = static_cast<int64_t>(counts.graph_launches)};
  }
  GpuSensors sensors() const override { return Nvml::Default().Read(info_.pci_bus_id); }
  GpuSensors clock() const override { return Nvml::Default().ReadClock(info_.pci_bus_id); }
  Device& device() const override { return *device_; }
  DeviceQueue& queue() { return queue_; }

 private:
  const GpuInfo info_;
  const QueueLimits limits_;
  const std::unique_ptr<Device> device_;
  DeviceQueue queue_;
};

class QueueProgram final : public DeviceProgram {
 public:
  QueueProgram(std::shared_ptr<DeviceGpu> gpu, QueuedProgram program)
      : gpu_(std::move(gpu)), program_(std::move(program)) {}

  absl::Status Run(absl::Span<const HostTensor> tensors, DeviceTimes& times) const override {
    return gpu_->queue().Run(program_, tensors, times);
  }

  absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeTimer(const HostTensor& tensor,
                                                         const TimerManner& manner) const override {
    return MakeDeviceTimer(gpu_, program_, tensor, manner);
  }

 private:
  const std::shared_ptr<DeviceGpu> gpu_;
  const QueuedProgram program_;
};

class QueueKernel final : public DeviceKernel {
 public:
  QueueKernel(std::shared_ptr<DeviceGpu> gpu, const LaunchRow& row, Dtype dtype)
      : gpu_(std::move(gpu)), row_(row), shape_({row.input_count, row.output_count, SizeBytes(dtype)}) {}

  const Gpu& gpu() const override { return *gpu_; }
  std::shared_ptr<const DeviceProgram> Prepare(const double* parameters) const override {
    std::vector<double> values(parameters, parameters + row_.parameter_count);
    return std::make_shared<QueueProgram>(gpu_, QueuedProgram{&row_, shape_, std::move(values)});
  }

 private:
  const std::shared_ptr<DeviceGpu> gpu_;
  const LaunchRow& row_;
  const ElementShape shape_;
};

class DeviceBackend final : public Backend {
 public:
  DeviceBackend(std::shared_ptr<DeviceGpu> gpu, std::string provider, std::vector<LaunchTable> tables)
      : gpu_(std::move(gpu)), provider_(std::move(provider)), tables_(std::move(tables)) {}

  std::string Isa() const override { return gpu_->info().isa; }
  std::string Device() const override { return gpu_->info().device; }
  std::string Provider() const override { return provider_; }
  std::shared_ptr<const Gpu> gpu() const override { return gpu_; }

  std::vector<Kernel> Kernels() const override {
    std::vector<Kernel> kernels;
    for (const LaunchTable& table : tables_) {
      for (size_t i = 0; i < table.row_count; ++i) {
        const LaunchRow& row = table.rows[i];
        kernels.push_back({std::string(row.activation),
                           table.direction,
                           table.dtype,
                           provider_,
                           std::string(table.tier),
                           Device(),
                           Isa(),
                           {},
                           std::make_shared<QueueKernel>(gpu_, row, table.dtype)});
      }
    }
    return kernels;
  }

 private:
  const std::shared_ptr<DeviceGpu> gpu_;
  const std::string provider_;
  const std::vector<LaunchTable> tables_;
};

}  // namespace

bool HasRoom(const GpuLimits& limits) {
  const QueueLimits queue = ToQueueLimits(limits);
  return std::min(queue.device_bytes, queue.pinned_bytes) >= queue.chunk_bytes;
}

std::vector<std::unique_ptr<Backend>> MakeDeviceBackends(GpuInfo info, std::unique_ptr<Device> device,
                                                         const std::vector<LaunchTable>& tables,
                                                         const GpuLimits& limits) {
  const auto gpu = std::make_shared<DeviceGpu>(std::move(info), std::move(device), limits);
  std::vector<std::unique_ptr<Backend>> backends;
  for (const LaunchTable& first : tables) {
    const auto is_its = [&](const auto& backend) { return backend->Provider() == first.provider; };
    if (std::any_of(backends.begin(), backends.end(), is_its)) continue;
    std::vector<LaunchTable> of_provider;
    std::copy_if(tables.begin(), tables.end(), std::back_inserter(of_provider),
                 [&](const LaunchTable& table) { return table.provider == first.provider; });
    backends.push_back(std::make_unique<DeviceBackend>(gpu, std::string(first.provider), std::move(of_provider)));
  }
  return backends;
}

}  // namespace actbench::cuda
