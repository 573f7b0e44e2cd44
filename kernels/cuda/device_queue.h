// SPDX-License-Identifier: Apache-2.0
// Runs kernels of one device on tensors in the host's memory: cuts and packs them into chunks, and keeps several chunks
// on the way, each in a slot with a stream and memory of its own, so that copies to and from the device and computing
// overlap. Thread-safe; runs of several threads share the slots. Tested by device_queue_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_DEVICE_QUEUE_H_
#define ACTBENCH_KERNELS_CUDA_DEVICE_QUEUE_H_

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/cuda/chunks.h"
#include "kernels/cuda/device.h"
#include "kernels/device_kernel.h"

namespace actbench::cuda {

struct QueueLimits {
  size_t device_bytes = size_t{64} << 20;  // of the device's memory
  size_t pinned_bytes = size_t{64} << 20;  // of the host's, which the device reads and writes
  // Of a slot, in either memory. A PCIe 5 link moves as much in 80 us, five times what its calls take.
  size_t chunk_bytes = size_t{4} << 20;
};

// A kernel with its parameters.
struct QueuedProgram {
  const LaunchRow* row;
  ElementShape shape;
  std::vector<double> parameters;
};

// What the queue does and holds at the moment, and has done.
struct QueueCounts {
  size_t device_bytes = 0;
  size_t pinned_bytes = 0;
  uint64_t launches = 0;        // of kernels, in graphs too
  uint64_t graph_launches = 0;  // of graphs
};

class DeviceQueue {
 public:
  // `name` is what messages call the device: "cuda:0". `device` must outlive the queue.
  DeviceQueue(std::string name, Device& device, const QueueLimits& limits);
  ~DeviceQueue();
  DeviceQueue(const DeviceQueue&) = delete;
  DeviceQueue& operator=(const DeviceQueue&) = delete;

  // As DeviceProgram::Run. Waits for a slot, if all are taken.
  absl::Status Run(const QueuedProgram& program, absl::Span<const HostTensor> tensors, DeviceTimes& times);

  // OK, or UNAVAILABLE with the reason from when the device was lost.
  absl::Status health() const;

  QueueCounts counts() const;

 private:
  struct Slot;
  struct Work;

  // A slot that is no one else's until Release. Not null where it waits; null where it does not, and others do: no run
  // gets a second slot while another has none.
  absl::StatusOr<Slot*> Acquire(bool wait);
  void Release(Slot* slot);
  // Makes one more, unlocked: a device that is new to this process takes up to a second to be made ready. OK too where
  // that failed but others are there or in the making, which can be waited for.
  absl::Status AddSlot(std::unique_lock<std::mutex>& lock);
  absl::StatusOr<std::unique_ptr<Slot>> MakeSlot();
  // The code of a kernel that was not launched here before, which else would count as computing.
  absl::Status Load(const LaunchRow& row);
  // For what was given to the slot's stream. UNAVAILABLE where that fails, whatever the reason: it may still be at work
  // in the slot's memory.
  absl::Status Wait(const Slot& slot);
  // Gives the chunk to the slot's stream.
  absl::Status Start(const Work& work, const Chunk& chunk, Slot& slot, DeviceTimes& times);
  absl::Status Submit(const Work& work, const Chunk& chunk, Slot& slot);
  // The same by a graph, if the slot has had this work before.
  absl::Status SubmitByGraph(const Work& work, const Chunk& chunk, Slot& slot);
  // Waits for it, and copies the outputs to where they are wanted.
  absl::Status Finish(const Work& work, const Chunk& chunk, Slot& slot, DeviceTimes& times);
  absl::Status RunChunks(const Work& work, const std::vector<Chunk>& chunks, const std::vector<Slot*>& slots,
                         DeviceTimes& times);
  size_t most_slots() const;
  // Of the chunks of a run of so many bytes.
  size_t ChunkBytesFor(size_t bytes) const;
  // Makes a device that is lost known, if this says so.
  absl::Status Noted(const absl::Status& status);

  const std::string name_;
  Device& device_;
  const QueueLimits limits_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable released_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> idle_;
  size_t slots_in_making_ = 0;
  size_t waiting_ = 0;  // runs that have no slot yet
  std::set<const LaunchRow*> loaded_;
  bool no_more_slots_ = false;  // there was no memory for one since a slot was last released
  absl::Status lost_;
  QueueCounts counts_;
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_DEVICE_QUEUE_H_
