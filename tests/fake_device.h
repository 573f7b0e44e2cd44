// SPDX-License-Identifier: Apache-2.0
// A device in the host's memory, for tests of what runs on devices: it keeps the rules that a real one has (work is
// done only when it is waited for, copies stay within what was allocated, events that were not recorded have no time,
// launching a graph takes time), counts what it is asked to do, and fails when it is told to.
#ifndef ACTBENCH_TESTS_FAKE_DEVICE_H_
#define ACTBENCH_TESTS_FAKE_DEVICE_H_

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/device.h"
#include "kernels/cuda/library_calls.h"

namespace actbench {

class FakeDevice final : public cuda::Device {
 public:
  // Of each call so many.
  std::map<std::string, int> calls;
  // What the call of this name returns from its given time on, counted from 1.
  void FailFrom(const std::string& call, int time, const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    failures_[call] = {time, status};
  }
  // No more memory than this, of both kinds together.
  void LimitMemory(size_t bytes) {
    const std::lock_guard lock(mutex_);
    memory_bytes_ = bytes;
  }

  // Called, by whoever wants memory, before that is given. To be set before others use the device.
  std::function<void()> before_memory = [] {};

  ~FakeDevice() override {
    for (const auto& [memory, size] : memory_) ::operator delete(memory, kAlignment);
    EXPECT_TRUE(memory_.empty()) << "memory was not freed";
    EXPECT_TRUE(handles_.empty()) << "streams, events or graphs were not destroyed";
  }

  absl::StatusOr<void*> Allocate(size_t bytes) override { return Memory("Allocate", bytes); }
  void Free(void* memory) override { FreeMemory(memory); }
  absl::StatusOr<void*> AllocatePinned(size_t bytes) override { return Memory("AllocatePinned", bytes); }
  void FreePinned(void* memory) override { FreeMemory(memory); }
  absl::StatusOr<cuda::Stream> CreateStream() override { return Handle<FakeStream>("CreateStream"); }
  void DestroyStream(cuda::Stream stream) override { Drop<FakeStream>(stream); }
  absl::StatusOr<cuda::Event> CreateEvent() override { return Handle<FakeEvent>("CreateEvent"); }
  void DestroyEvent(cuda::Event event) override { Drop<FakeEvent>(event); }
  void DestroyGraph(cuda::Graph graph) override { Drop<FakeGraph>(graph); }

  absl::Status CopyToDevice(void* device, const void* pinned, size_t bytes, cuda::Stream stream) override {
    return Copy("CopyToDevice", device, pinned, bytes, stream);
  }
  absl::Status CopyFromDevice(void* pinned, const void* device, size_t bytes, cuda::Stream stream) override {
    return Copy("CopyFromDevice", pinned, device, bytes, stream);
  }

  absl::Status CopyOnDevice(void* to, const void* from, size_t bytes, cuda::Stream stream) override {
    return Copy("CopyOnDevice", to, from, bytes, stream);
  }
  absl::Status Clear(void* device, size_t bytes, cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    ExpectOwned(device, bytes);
    return Add("Clear", stream, [=] { std::memset(device, 0, bytes); });
  }

  absl::Status Load(const cuda::LaunchRow&) override {
    const std::lock_guard lock(mutex_);
    return Count("Load");
  }
  absl::Status Run(const cuda::LaunchRow& row, cuda::Launch launch, cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    EXPECT_LE(launch.tensor_count, cuda::kMaxTensors);
    for (size_t i = 0; i < launch.tensor_count; ++i) {
      for (size_t k = 0; k < row.input_count; ++k) ExpectOwned(launch.tensors[i].inputs[k], 1);
      for (size_t k = 0; k < row.output_count; ++k) ExpectOwned(launch.tensors[i].outputs[k], 1);
    }
    // As CUDA does, it takes the arguments now and runs later.
    std::vector<cuda::TensorBuffers> tensors(launch.tensors, launch.tensors + launch.tensor_count);
    std::vector<double> parameters(launch.parameters, launch.parameters + row.parameter_count);
    return Add("Run", stream, [&row, launch, tensors, parameters]() mutable {
      launch.tensors = tensors.data();
      launch.parameters = parameters.data();
      if (row.library == nullptr) {
        row.launch(launch);
      } else {
        EXPECT_TRUE(row.library->launch(launch, 0).ok());
      }
    });
  }

  absl::Status Record(cuda::Event event, cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    return Add("Record", stream, [this, event] { static_cast<FakeEvent*>(event)->at = ++clock_; });
  }
  absl::Status BeginCapture(cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(Of(stream).work.empty()) << "captures begin while the stream has work";
    Of(stream).captures = true;
    return Count("BeginCapture");
  }
  absl::StatusOr<cuda::Graph> EndCapture(cuda::Stream stream) override {
    absl::StatusOr<cuda::Graph> graph = Handle<FakeGraph>("EndCapture");
    const std::lock_guard lock(mutex_);
    Of(stream).captures = false;
    if (graph.ok()) static_cast<FakeGraph*>(*graph)->work = std::exchange(Of(stream).work, {});
    return graph;
  }
  absl::Status LaunchGraph(cuda::Graph graph, cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(handles_.contains(graph));
    Of(stream).work.push_back([this] { ++clock_; });
    for (const Work& work : static_cast<FakeGraph*>(graph)->work) Of(stream).work.push_back(work);
    return Count("LaunchGraph");
  }

  absl::Status Wait(cuda::Stream stream) override {
    const std::lock_guard lock(mutex_);
    if (absl::Status status = Count("Wait"); !status.ok()) return status;
    for (const Work& work : std::exchange(Of(stream).work, {})) work();
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Nanoseconds(cuda::Event from, cuda::Event to) override {
    const std::lock_guard lock(mutex_);
    if (absl::Status status = Count("Nanoseconds"); !status.ok()) return status;
    const int64_t start = static_cast<FakeEvent*>(from)->at;
    const int64_t end = static_cast<FakeEvent*>(to)->at;
    EXPECT_GT(start, 0) << "the event was not recorded";
    EXPECT_GT(end, start) << "events are out of order";
    return end - start;
  }

 private:
  static constexpr std::align_val_t kAlignment{256};

  using Work = std::function<void()>;
  struct FakeHandle {
    virtual ~FakeHandle() = default;
  };
  struct FakeStream : FakeHandle {
    std::vector<Work> work;
    bool captures = false;
  };
  struct FakeEvent : FakeHandle {
    int64_t at = 0;
  };
  struct FakeGraph : FakeHandle {
    std::vector<Work> work;
  };

  absl::Status Count(const std::string& call) {
    const int time = ++calls[call];
    const auto failure = failures_.find(call);
    if (failure == failures_.end() || time < failure->second.first) return absl::OkStatus();
    return failure->second.second;
  }

  absl::Status Add(const std::string& call, cuda::Stream stream, Work work) {
    if (absl::Status status = Count(call); !status.ok()) return status;
    Of(stream).work.push_back(std::move(work));
    return absl::OkStatus();
  }

  absl::StatusOr<void*> Memory(const std::string& call, size_t bytes) {
    before_memory();
    const std::lock_guard lock(mutex_);
    if (absl::Status status = Count(call); !status.ok()) return status;
    size_t used = bytes;
    for (const auto& [memory, size] : memory_) used += size;
    if (used > memory_bytes_) return absl::ResourceExhaustedError("out of memory");
    char* const memory = static_cast<char*>(::operator new(bytes, kAlignment));
    memory_[memory] = bytes;
    return memory;
  }
  void FreeMemory(void* memory) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(memory_.erase(static_cast<char*>(memory)), 1u) << "freed what was not allocated";
    ::operator delete(memory, kAlignment);
  }

  template <class T>
  absl::StatusOr<void*> Handle(const std::string& call) {
    const std::lock_guard lock(mutex_);
    if (absl::Status status = Count(call); !status.ok()) return status;
    auto handle = std::make_unique<T>();
    void* const key = handle.get();
    handles_[key] = std::move(handle);
    return key;
  }
  template <class T>
  void Drop(void* handle) {
    const std::lock_guard lock(mutex_);
    const auto found = handles_.find(handle);
    ASSERT_NE(found, handles_.end()) << "destroyed what was not created";
    EXPECT_NE(dynamic_cast<T*>(found->second.get()), nullptr) << "destroyed as another kind of thing";
    handles_.erase(found);
  }

  FakeStream& Of(cuda::Stream stream) { return *static_cast<FakeStream*>(stream); }

  absl::Status Copy(const std::string& call, void* to, const void* from, size_t bytes, cuda::Stream stream) {
    const std::lock_guard lock(mutex_);
    ExpectOwned(to, bytes);
    ExpectOwned(from, bytes);
    return Add(call, stream, [=] { std::memcpy(to, from, bytes); });
  }

  void ExpectOwned(const void* data, size_t bytes) {
    const char* const begin = static_cast<const char*>(data);
    for (const auto& [memory, size] : memory_) {
      if (begin >= memory && begin + bytes <= memory + size) return;
    }
    ADD_FAILURE() << "outside of all memory of the device and of what it can read";
  }

  std::mutex mutex_;
  std::map<std::string, std::pair<int, absl::Status>> failures_;
  size_t memory_bytes_ = size_t{1} << 30;
  std::map<char*, size_t> memory_;
  std::map<void*, std::unique_ptr<FakeHandle>> handles_;
  int64_t clock_ = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_FAKE_DEVICE_H_
