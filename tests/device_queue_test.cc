// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/fake_device.h"

namespace actbench::cuda {
namespace {

// factor * x + dy, or x where there is no dy, in f32.
int LaunchScaled(const Launch& launch) {
  for (size_t t = 0; t < launch.tensor_count; ++t) {
    const TensorBuffers& tensor = launch.tensors[t];
    const auto* const x = static_cast<const float*>(tensor.inputs[0]);
    const auto* const dy = static_cast<const float*>(tensor.inputs[1]);
    auto* const out = static_cast<float*>(tensor.outputs[0]);
    for (uint64_t i = 0; i < tensor.elements; ++i) out[i] = 2 * x[i] + (dy == nullptr ? 0 : dy[i]);
  }
  return 0;
}
constexpr LaunchRow kForwardRow = {"double", 0, 1, 1, &LaunchScaled};
constexpr LaunchRow kGradientRow = {"double", 0, 2, 1, &LaunchScaled};

class DeviceQueueTest : public testing::Test {
 protected:
  static constexpr size_t kChunk = size_t{1} << 20;
  static constexpr QueueLimits kLimits = {
      .device_bytes = 4 * kChunk, .pinned_bytes = 4 * kChunk, .chunk_bytes = kChunk};

  struct Tensor {
    explicit Tensor(size_t n, float first = 1) : x(n), dy(n, 0.5f), out(n, -1) { std::iota(x.begin(), x.end(), first); }
    HostTensor Of(bool gradient) {
      return {.inputs = {x.data(), gradient ? dy.data() : nullptr}, .outputs = {out.data()}, .elements = x.size()};
    }
    void ExpectDone(float more = 0) const {
      for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(out[i], 2 * x[i] + more) << "at " << i;
    }
    std::vector<float> x;
    std::vector<float> dy;
    std::vector<float> out;
  };

  static QueuedProgram ProgramOf(const LaunchRow& row) { return {&row, {row.input_count, 1, sizeof(float)}, {}}; }
  absl::Status Run(DeviceQueue& queue, Tensor& tensor) {
    const HostTensor host = tensor.Of(false);
    return queue.Run(ProgramOf(kForwardRow), {&host, 1}, times_);
  }

  FakeDevice device_;
  DeviceTimes times_;
};

TEST_F(DeviceQueueTest, ALargeTensorGoesInManyChunks) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor tensor(3'000'001);
  const HostTensor host = tensor.Of(true);
  ASSERT_TRUE(queue.Run(ProgramOf(kGradientRow), {&host, 1}, times_).ok());
  tensor.ExpectDone(0.5f);
  EXPECT_GE(device_.calls["Run"], 3'000'001 * 12 / static_cast<int>(kChunk));
  EXPECT_GT(times_.to_device_ns, 0);
  EXPECT_GT(times_.compute_ns, 0);
  EXPECT_GT(times_.from_device_ns, 0);
  EXPECT_GT(times_.staging_ns, 0);
}

TEST_F(DeviceQueueTest, AMediumTensorIsCutToo) {  // so that copying and computing overlap
  DeviceQueue queue("cuda:0", device_, {});
  Tensor tensor(size_t{1} << 19);  // 4 MiB with its output
  ASSERT_TRUE(Run(queue, tensor).ok());
  tensor.ExpectDone();
  EXPECT_EQ(device_.calls["Run"], 8);
}

TEST_F(DeviceQueueTest, AnOutputMayOverwriteItsInput) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor tensor(1'000'000);
  const std::vector<float> x = tensor.x;
  const HostTensor host = {.inputs = {tensor.x.data()}, .outputs = {tensor.x.data()}, .elements = x.size()};
  ASSERT_TRUE(queue.Run(ProgramOf(kForwardRow), {&host, 1}, times_).ok());
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(tensor.x[i], 2 * x[i]) << "at " << i;
}

TEST_F(DeviceQueueTest, SmallTensorsShareALaunch) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  std::vector<Tensor> tensors;
  std::vector<HostTensor> hosts;
  for (size_t n : {1, 0, 17, 300}) tensors.emplace_back(n, static_cast<float>(n));
  for (Tensor& tensor : tensors) hosts.push_back(tensor.Of(false));
  ASSERT_TRUE(queue.Run(ProgramOf(kForwardRow), hosts, times_).ok());
  for (const Tensor& tensor : tensors) tensor.ExpectDone();
  EXPECT_EQ(device_.calls["Run"], 1);
}

TEST_F(DeviceQueueTest, NothingIsDoneForNoElements) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor tensor(0);
  EXPECT_TRUE(Run(queue, tensor).ok());
  EXPECT_TRUE(device_.calls.empty());
}

TEST_F(DeviceQueueTest, WhatIsRepeatedAndSmallBecomesAGraph) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  for (int time = 0; time < 5; ++time) {
    Tensor tensor(100, static_cast<float>(time));
    ASSERT_TRUE(Run(queue, tensor).ok());
    tensor.ExpectDone();
  }
  EXPECT_EQ(device_.calls["BeginCapture"], 1);
  EXPECT_EQ(device_.calls["LaunchGraph"], 4);  // the first time it is not known to be repeated
  EXPECT_EQ(device_.calls["Run"], 2);
  EXPECT_EQ(queue.counts().launches, 5u);
  EXPECT_EQ(queue.counts().graph_launches, 4u);
}

// Else what is loaded with the first launch would be loaded while the second is captured, which CUDA may refuse.
TEST_F(DeviceQueueTest, WhatWasNotLaunchedIsNoRepeatedWork) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  device_.FailFrom("Run", 1, absl::InternalError("once"));
  Tensor tensor(100);
  EXPECT_FALSE(Run(queue, tensor).ok());
  device_.FailFrom("Run", 1 << 30, absl::OkStatus());
  EXPECT_TRUE(Run(queue, tensor).ok());
  EXPECT_EQ(device_.calls["BeginCapture"], 0);
  EXPECT_TRUE(Run(queue, tensor).ok());
  EXPECT_EQ(device_.calls["BeginCapture"], 1);
}

TEST_F(DeviceQueueTest, WhatWasNotWhollyCapturedIsNoGraph) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor first(100);
  EXPECT_TRUE(Run(queue, first).ok());
  device_.FailFrom("Run", 2, absl::InternalError("once"));
  EXPECT_FALSE(Run(queue, first).ok());
  device_.FailFrom("Run", 1 << 30, absl::OkStatus());
  Tensor second(100, 7);
  EXPECT_TRUE(Run(queue, second).ok());
  second.ExpectDone();
  EXPECT_EQ(device_.calls["BeginCapture"], 2);
}

TEST_F(DeviceQueueTest, AGraphIsOfOneShapeAndOneKernel) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  for (int time = 0; time < 3; ++time) {
    for (size_t n = 1; n <= 10; ++n) {  // more than a slot keeps
      Tensor tensor(n);
      ASSERT_TRUE(Run(queue, tensor).ok());
      tensor.ExpectDone();
      Tensor gradient(n);
      const HostTensor host = gradient.Of(true);
      ASSERT_TRUE(queue.Run(ProgramOf(kGradientRow), {&host, 1}, times_).ok());
      gradient.ExpectDone(0.5f);
    }
  }
}

TEST_F(DeviceQueueTest, LargeWorkIsNoGraph) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  for (int time = 0; time < 3; ++time) {
    Tensor tensor(1'000'000);
    ASSERT_TRUE(Run(queue, tensor).ok());
  }
  EXPECT_EQ(device_.calls["LaunchGraph"], 0);
}

TEST_F(DeviceQueueTest, ManyThreadsShareTheMemory) {
  DeviceQueue queue("cuda:0", device_, {.device_bytes = 2 * kChunk, .pinned_bytes = 3 * kChunk, .chunk_bytes = kChunk});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&queue, thread] {
      for (size_t n : {100, 700'000, 100}) {
        Tensor tensor(n, static_cast<float>(thread));
        const HostTensor host = tensor.Of(false);
        DeviceTimes times;
        EXPECT_TRUE(queue.Run(ProgramOf(kForwardRow), {&host, 1}, times).ok());
        tensor.ExpectDone();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(queue.counts().device_bytes, 2 * kChunk);
  EXPECT_EQ(queue.counts().pinned_bytes, 2 * kChunk);
}

TEST_F(DeviceQueueTest, ABudgetWithoutRoomForAChunkSaysSo) {
  for (const auto& [device, pinned] : {std::pair(kChunk - 1, kChunk), std::pair(kChunk, size_t{0})}) {
    DeviceQueue queue("cuda:0", device_, {.device_bytes = device, .pinned_bytes = pinned, .chunk_bytes = kChunk});
    Tensor tensor(1);
    const absl::Status status = Run(queue, tensor);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_NE(status.message().find("--gpu_memory_bytes"), std::string::npos) << status;
    EXPECT_TRUE(queue.health().ok());
  }
}

TEST_F(DeviceQueueTest, ADeviceWithoutMemoryIsNotLost) {
  device_.LimitMemory(kChunk);  // for a slot's one half
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor tensor(10);
  EXPECT_EQ(Run(queue, tensor).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(queue.health().ok());
  device_.LimitMemory(2 * kChunk);
  EXPECT_TRUE(Run(queue, tensor).ok());
  tensor.ExpectDone();
  EXPECT_EQ(queue.counts().device_bytes, kChunk);
}

TEST_F(DeviceQueueTest, ADeviceWithLittleMemoryWorksWithFewerSlots) {
  device_.LimitMemory(3 * kChunk);
  DeviceQueue queue("cuda:0", device_, kLimits);
  Tensor tensor(1'000'000);
  EXPECT_TRUE(Run(queue, tensor).ok());
  tensor.ExpectDone();
  EXPECT_EQ(queue.counts().device_bytes, kChunk);
}

TEST_F(DeviceQueueTest, NoOneWaitsWhileASlotIsMade) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  int made = 0;
  device_.before_memory = [&] {  // or it would wait for itself
    EXPECT_TRUE(queue.health().ok());
    EXPECT_EQ(queue.counts().device_bytes, static_cast<size_t>(made++ / 2) * kChunk);
  };
  Tensor tensor(1'000'000);
  EXPECT_TRUE(Run(queue, tensor).ok());
  EXPECT_EQ(made, 2 * 3);
}

TEST_F(DeviceQueueTest, SlotsInTheMakingCountAsMade) {
  DeviceQueue queue("cuda:0", device_, {.device_bytes = kChunk, .pinned_bytes = kChunk, .chunk_bytes = kChunk});
  std::vector<std::thread> threads;
  std::vector<Tensor> tensors(4, Tensor(100));
  device_.before_memory = [&] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  for (Tensor& tensor : tensors) {
    threads.emplace_back([&queue, &tensor] {
      const HostTensor host = tensor.Of(false);
      DeviceTimes times;
      EXPECT_TRUE(queue.Run(ProgramOf(kForwardRow), {&host, 1}, times).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Tensor& tensor : tensors) tensor.ExpectDone();
  EXPECT_EQ(device_.calls["Allocate"], 1);
}

// Whoever waited for a slot in the making that came to nothing gets an answer too.
TEST_F(DeviceQueueTest, NoOneWaitsForASlotThatCannotBeMade) {
  DeviceQueue queue("cuda:0", device_, {.device_bytes = kChunk, .pinned_bytes = kChunk, .chunk_bytes = kChunk});
  device_.LimitMemory(kChunk);
  device_.before_memory = [&] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&queue] {
      Tensor tensor(100);
      const HostTensor host = tensor.Of(false);
      DeviceTimes times;
      EXPECT_EQ(queue.Run(ProgramOf(kForwardRow), {&host, 1}, times).code(), absl::StatusCode::kResourceExhausted);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Whatever call says so.
TEST_F(DeviceQueueTest, ADeviceThatIsLostStaysLost) {
  for (const char* call :
       {"CreateStream", "CreateEvent", "Allocate", "AllocatePinned", "Load", "CopyToDevice", "CopyFromDevice", "Run",
        "Record", "BeginCapture", "EndCapture", "LaunchGraph", "Wait", "Nanoseconds"}) {
    FakeDevice device;
    DeviceQueue queue("cuda:0", device, kLimits);
    device.FailFrom(call, 1, absl::UnavailableError("cudaErrorECCUncorrectable"));
    absl::Status status;
    for (int time = 0; time < 3 && status.ok(); ++time) {
      Tensor tensor(100);
      status = Run(queue, tensor);
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << call;
    EXPECT_NE(status.message().find("device cuda:0 is lost: cudaErrorECCUncorrectable"), std::string::npos) << status;
    EXPECT_EQ(queue.health(), status) << call;
    const auto calls = device.calls;
    Tensor tensor(100);
    EXPECT_EQ(Run(queue, tensor), status) << call;
    EXPECT_EQ(device.calls, calls) << "it was called again after " << call;
  }
}

TEST_F(DeviceQueueTest, ADeviceThatIsLostWhenMoreSlotsAreMadeIsLost) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  device_.FailFrom("Allocate", 2, absl::UnavailableError("gone"));
  Tensor tensor(1'000'000);
  EXPECT_EQ(Run(queue, tensor).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(queue.health().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(device_.calls["Run"], 0);
}

TEST_F(DeviceQueueTest, AFailureInTheMiddleLeavesTheQueueUsable) {
  for (const char* call : {"CopyToDevice", "Run", "CopyFromDevice", "Record"}) {
    FakeDevice device;
    DeviceQueue queue("cuda:0", device, kLimits);
    device.FailFrom(call, 3, absl::InternalError("once"));
    Tensor tensor(1'000'000);
    EXPECT_EQ(Run(queue, tensor).code(), absl::StatusCode::kInternal) << call;
    EXPECT_TRUE(queue.health().ok()) << call;
    device.FailFrom(call, 1 << 30, absl::OkStatus());
    EXPECT_TRUE(Run(queue, tensor).ok()) << call;
    tensor.ExpectDone();
  }
}

// Whatever it failed with: a transfer may go on in memory that others would get.
TEST_F(DeviceQueueTest, ADeviceThatCannotBeWaitedForIsLost) {
  for (const char* call : {"Wait", "Nanoseconds"}) {
    FakeDevice device;
    DeviceQueue queue("cuda:0", device, kLimits);
    device.FailFrom(call, 1, absl::InternalError("why"));
    if (call != std::string("Wait")) device.FailFrom("Wait", 2, absl::InternalError("why"));
    Tensor tensor(1'000'000);
    EXPECT_EQ(Run(queue, tensor), absl::UnavailableError("device cuda:0 is lost: why")) << call;
    EXPECT_FALSE(queue.health().ok()) << call;
  }
}

TEST_F(DeviceQueueTest, AKernelIsLoadedOnceAndBeforeItIsLaunched) {
  DeviceQueue queue("cuda:0", device_, kLimits);
  device_.FailFrom("Load", 1, absl::InternalError("once"));
  Tensor tensor(100);
  EXPECT_EQ(Run(queue, tensor).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(device_.calls["Run"], 0);
  device_.FailFrom("Load", 1 << 30, absl::OkStatus());
  for (int time = 0; time < 3; ++time) EXPECT_TRUE(Run(queue, tensor).ok());
  EXPECT_EQ(device_.calls["Load"], 2);
  EXPECT_GT(times_.waiting_ns, 0);
}

TEST_F(DeviceQueueTest, WaitingForASlotIsTimed) {
  DeviceQueue queue("cuda:0", device_, {.device_bytes = kChunk, .pinned_bytes = kChunk, .chunk_bytes = kChunk});
  device_.before_memory = [&] { std::this_thread::sleep_for(std::chrono::milliseconds(10)); };
  Tensor tensor(100);
  ASSERT_TRUE(Run(queue, tensor).ok());
  EXPECT_GE(times_.waiting_ns, 20'000'000);
}

TEST_F(DeviceQueueTest, WhoWaitsForASlotLearnsThatTheDeviceIsLost) {
  DeviceQueue queue("cuda:0", device_, {.device_bytes = kChunk, .pinned_bytes = kChunk, .chunk_bytes = kChunk});
  device_.FailFrom("Wait", 4, absl::UnavailableError("gone"));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&queue] {
      Tensor tensor(700'000);
      const HostTensor host = tensor.Of(false);
      DeviceTimes times;
      EXPECT_EQ(queue.Run(ProgramOf(kForwardRow), {&host, 1}, times).code(), absl::StatusCode::kUnavailable);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace actbench::cuda
