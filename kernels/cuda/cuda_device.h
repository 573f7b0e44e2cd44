// SPDX-License-Identifier: Apache-2.0
// A CUDA device through the CUDA runtime, which is linked statically and looks for the driver when it is first called:
// without one there are no devices.
#ifndef ACTBENCH_KERNELS_CUDA_CUDA_DEVICE_H_
#define ACTBENCH_KERNELS_CUDA_CUDA_DEVICE_H_

#include <atomic>
#include <string>
#include <vector>

#include "kernels/cuda/device.h"
#include "kernels/gpu.h"

namespace actbench::cuda {

// The devices that our kernels run on. Does not make them ready, which takes a good part of a second each.
struct FoundDevices {
  std::vector<GpuInfo> devices;
  std::vector<std::string> warnings;  // why others, or all, are left out; none where there is no device or no driver
};
FoundDevices FindDevices();

class CudaDevice final : public Device {
 public:
  // The device with this place among all.
  CudaDevice(int ordinal, int processors) : ordinal_(ordinal), processors_(processors) {}

  absl::StatusOr<void*> Allocate(size_t bytes) override;
  void Free(void* memory) override;
  absl::StatusOr<void*> AllocatePinned(size_t bytes) override;
  void FreePinned(void* memory) override;
  absl::StatusOr<Stream> CreateStream() override;
  void DestroyStream(Stream stream) override;
  absl::StatusOr<Event> CreateEvent() override;
  void DestroyEvent(Event event) override;
  absl::Status CopyToDevice(void* device, const void* pinned, size_t bytes, Stream stream) override;
  absl::Status CopyFromDevice(void* pinned, const void* device, size_t bytes, Stream stream) override;
  absl::Status CopyOnDevice(void* to, const void* from, size_t bytes, Stream stream) override;
  absl::Status Clear(void* device, size_t bytes, Stream stream) override;
  absl::Status Load(const LaunchRow& row) override;
  absl::Status Run(const LaunchRow& row, Launch launch, Stream stream) override;
  absl::Status Record(Event event, Stream stream) override;
  absl::Status BeginCapture(Stream stream) override;
  absl::StatusOr<Graph> EndCapture(Stream stream) override;
  absl::Status LaunchGraph(Graph graph, Stream stream) override;
  void DestroyGraph(Graph graph) override;
  absl::Status Wait(Stream stream) override;
  absl::StatusOr<int64_t> Nanoseconds(Event from, Event to) override;

 private:
  // The one way to the device: `call`, made on this device, and its error as a status.
  template <class Call>
  absl::Status Do(const char* what, const Call& call) const;
  // The same of a library's `call`, which answers with a status of its own.
  template <class Call>
  absl::Status DoByLibrary(const Call& call) const;

  // A cudaError_t. Before the first call: whoever waits for the device is to leave the processor to others.
  int MakeReady() const;

  const int ordinal_;
  mutable std::atomic<bool> is_ready_ = false;
  const int processors_;
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CUDA_DEVICE_H_
