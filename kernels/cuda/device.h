// SPDX-License-Identifier: Apache-2.0
// What device_queue.h needs of a device: CUDA's (cuda_device.h), or one that a test makes (tests/fake_device.h).
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/cuda/launch.h"

namespace actbench::cuda {

// Opaque handles of the device, which must outlive them. What is made of them is given back by its Free or Destroy,
// those of a device that is lost too.
using Stream = void*;
using Event = void*;
using Graph = void*;

// Calls may come from any thread, those about one stream from one at a time. UNAVAILABLE from any of them: the device
// is lost, or its context is, and it stays so. RESOURCE_EXHAUSTED: there is no memory.
class Device {
 public:
  virtual ~Device() = default;

  virtual absl::StatusOr<void*> Allocate(size_t bytes) = 0;
  virtual void Free(void* memory) = 0;
  // Of the host, which the device can read and write while others work.
  virtual absl::StatusOr<void*> AllocatePinned(size_t bytes) = 0;
  virtual void FreePinned(void* memory) = 0;
  virtual absl::StatusOr<Stream> CreateStream() = 0;
  virtual void DestroyStream(Stream stream) = 0;
  virtual absl::StatusOr<Event> CreateEvent() = 0;
  virtual void DestroyEvent(Event event) = 0;

  // Work of a stream, done in order, some time after the call has returned.
  virtual absl::Status CopyToDevice(void* device, const void* pinned, size_t bytes, Stream stream) = 0;
  virtual absl::Status CopyFromDevice(void* pinned, const void* device, size_t bytes, Stream stream) = 0;
  virtual absl::Status CopyOnDevice(void* to, const void* from, size_t bytes, Stream stream) = 0;
  // Writes zeros.
  virtual absl::Status Clear(void* device, size_t bytes, Stream stream) = 0;
  // The code of the kernel, which the first Run would else load: seconds, where the driver has to translate it.
  virtual absl::Status Load(const LaunchRow& row) = 0;
  // Fills in what `launch` says about the device and the stream.
  virtual absl::Status Run(const LaunchRow& row, Launch launch, Stream stream) = 0;
  virtual absl::Status Record(Event event, Stream stream) = 0;

  // Between the two, work of the stream is not done but goes into the graph, which can be launched any number of times.
  virtual absl::Status BeginCapture(Stream stream) = 0;
  virtual absl::StatusOr<Graph> EndCapture(Stream stream) = 0;
  virtual absl::Status LaunchGraph(Graph graph, Stream stream) = 0;
  virtual void DestroyGraph(Graph graph) = 0;

  // Returns when all that the stream had to do is done, with what went wrong in it.
  virtual absl::Status Wait(Stream stream) = 0;
  // Between two events that have passed.
  virtual absl::StatusOr<int64_t> Nanoseconds(Event from, Event to) = 0;
};

template <void (Device::*kGiveBack)(void*)>
class GiveBack {
 public:
  GiveBack() = default;  // of nothing
  explicit GiveBack(Device& device) : device_(&device) {}
  void operator()(void* handle) const { (device_->*kGiveBack)(handle); }

 private:
  Device* device_ = nullptr;
};

// Handles that are given back when they go.
template <void (Device::*kGiveBack)(void*)>
using Owned = std::unique_ptr<void, GiveBack<kGiveBack>>;
using OwnedMemory = Owned<&Device::Free>;
using OwnedPinned = Owned<&Device::FreePinned>;
using OwnedStream = Owned<&Device::DestroyStream>;
using OwnedEvent = Owned<&Device::DestroyEvent>;
using OwnedGraph = Owned<&Device::DestroyGraph>;

// Makes what `device` has given, if it has, the own of `owned`.
template <void (Device::*kGiveBack)(void*)>
absl::Status Take(Device& device, const absl::StatusOr<void*>& given, Owned<kGiveBack>& owned) {
  if (!given.ok()) return given.status();
  owned = Owned<kGiveBack>(*given, GiveBack<kGiveBack>(device));
  return absl::OkStatus();
}

// The graph of what `submit`, which returns a status, gives to the stream.
template <class Submit>
absl::Status Capture(Device& device, Stream stream, const Submit& submit, OwnedGraph& graph) {
  if (absl::Status status = device.BeginCapture(stream); !status.ok()) return status;
  absl::Status submitted = submit();
  OwnedGraph captured;
  absl::Status status = Take(device, device.EndCapture(stream), captured);
  if (!submitted.ok()) return submitted;
  graph = std::move(captured);
  return status;
}

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_H_
