// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "tests/fake_device.h"

namespace actbench::cuda {
namespace {

// What it was run on last, and how often.
struct Seen {
  int runs = 0;
  int looks = 0;  // at the clock
  std::vector<float> x;
  bool streamed = false;
  std::chrono::milliseconds takes{0};
};
Seen& seen() {
  static Seen& seen = *new Seen;
  return seen;
}
int LaunchSeen(const Launch& launch) {
  const auto* const x = static_cast<const float*>(launch.tensors[0].inputs[0]);
  seen().x.assign(x, x + launch.tensors[0].elements);
  seen().streamed = launch.stream_outputs;
  ++seen().runs;
  std::this_thread::sleep_for(seen().takes);
  return 0;
}
constexpr LaunchRow kRow = {"seen", 0, 1, 1, &LaunchSeen};

class SmallGpu final : public TimedGpu {
 public:
  explicit SmallGpu(Device& device) : device_(device) { info_.l2_bytes = 1 << 20; }
  const GpuInfo& info() const override { return info_; }
  absl::Status health() const override { return absl::OkStatus(); }
  GpuUse use() const override { return {}; }
  GpuSensors sensors() const override { return {}; }
  GpuSensors clock() const override {
    ++seen().looks;
    return {.clock_hz = 1e9};
  }
  Device& device() const override { return device_; }

 private:
  Device& device_;
  GpuInfo info_;
};

class DeviceTimerTest : public testing::Test {
 protected:
  DeviceTimerTest() { seen() = {}; }

  absl::StatusOr<std::unique_ptr<DeviceTimer>> Make(size_t elements, const TimerManner& manner) {
    x_.resize(elements);
    std::iota(x_.begin(), x_.end(), 0.0f);
    const QueuedProgram program = {&kRow, {1, 1, sizeof(float)}, {}};
    return MakeDeviceTimer(std::make_shared<SmallGpu>(device_), program, {.inputs = {x_.data()}, .elements = elements},
                           manner);
  }

  FakeDevice device_;
  std::vector<float> x_;
};

TEST_F(DeviceTimerTest, HotRunsAreOneGraphOfTheTensor) {
  const auto timer = Make(3'000'000, {});  // more than goes to the device at a time
  ASSERT_TRUE(timer.ok()) << timer.status();
  for (int time = 0; time < 3; ++time) {
    const absl::StatusOr<double> ns = (*timer)->TimeKernel(5);
    ASSERT_TRUE(ns.ok()) << ns.status();
    EXPECT_EQ(*ns, 1.0 / 5);  // FakeDevice's clock goes on by 1 with each event, and each launch of a graph
  }
  EXPECT_EQ(device_.calls["BeginCapture"], 1);
  EXPECT_EQ(device_.calls["LaunchGraph"], 3);
  EXPECT_EQ(seen().runs, 1 + 15);  // the first while it is made
  EXPECT_EQ(seen().x, x_);
  EXPECT_TRUE(seen().streamed) << "of 12 MB nothing is to stay in a cache of 1 MiB";
  EXPECT_EQ((*timer)->sensors().clock_hz, 1e9);
}

TEST_F(DeviceTimerTest, TheClockIsReadOnceBeforeItIsAsked) {
  const auto timer = Make(1000, {});
  ASSERT_TRUE(timer.ok()) << timer.status();
  EXPECT_EQ(seen().looks, 1) << "the library that reads it is loaded then";
}

TEST_F(DeviceTimerTest, ColdRunsComeAfterOtherMemoryFilledTheCache) {
  const auto timer = Make(1000, {.cold = true});
  ASSERT_TRUE(timer.ok()) << timer.status();
  const int of_nothing = device_.calls["Clear"];
  EXPECT_GT(of_nothing, 0) << "what the events take alone";
  EXPECT_EQ(*(*timer)->TimeKernel(4), 1);
  EXPECT_EQ(device_.calls["Clear"], of_nothing + 4);
  EXPECT_EQ(device_.calls["LaunchGraph"], 0);
  EXPECT_EQ(seen().runs, 1 + 4);
  EXPECT_FALSE(seen().streamed);
}

// In FakeDevice a run is made while it is waited for.
TEST_F(DeviceTimerTest, LaunchesAreTimedByTheHostUntilTheyAreDone) {
  for (const LaunchTime launch : {LaunchTime::kAlone, LaunchTime::kGraph}) {
    seen() = {};
    const auto timer = Make(1, {.launch = launch});
    ASSERT_TRUE(timer.ok()) << timer.status();
    seen().takes = std::chrono::milliseconds(3);
    const std::map<std::string, int> before = device_.calls;
    const absl::StatusOr<double> ns = (*timer)->TimeKernel(2);
    ASSERT_TRUE(ns.ok()) << ns.status();
    EXPECT_GE(*ns, 3e6) << "of each";
    EXPECT_EQ(seen().runs, 1 + 2);
    EXPECT_EQ(device_.calls["Wait"], before.at("Wait") + 2);
    EXPECT_EQ(device_.calls["Record"], 0) << "no event is between the host and the run";
    const bool by_graph = launch == LaunchTime::kGraph;
    EXPECT_EQ(device_.calls["Run"], before.at("Run") + (by_graph ? 1 : 2));
    EXPECT_EQ(device_.calls["LaunchGraph"], by_graph ? 2 : 0);
    EXPECT_GT(*(*timer)->TimeCopy(1), 0);
    EXPECT_EQ(device_.calls["LaunchGraph"], by_graph ? 3 : 0) << "a copy is launched in the same way";
  }
}

TEST_F(DeviceTimerTest, AColdLaunchWaitsUntilTheCacheIsFilled) {
  const auto timer = Make(1000, {.cold = true, .launch = LaunchTime::kGraph});
  ASSERT_TRUE(timer.ok()) << timer.status();
  const std::map<std::string, int> before = device_.calls;
  ASSERT_TRUE((*timer)->TimeKernel(2).ok());
  EXPECT_EQ(device_.calls["Clear"], before.at("Clear") + 2);
  EXPECT_EQ(device_.calls["Wait"], before.at("Wait") + 4);
}

TEST_F(DeviceTimerTest, CopiesAreTheDevicesOwn) {
  const auto timer = Make(1000, {});
  ASSERT_TRUE(timer.ok()) << timer.status();
  EXPECT_EQ(*(*timer)->TimeCopy(2), 0.5);
  EXPECT_EQ(device_.calls["CopyOnDevice"], 1 + 2);
  EXPECT_EQ(seen().runs, 1);
}

// The device checks that all of it is freed.
TEST_F(DeviceTimerTest, WithoutMemoryItIsNotMade) {
  device_.LimitMemory(size_t{5} << 20);
  EXPECT_EQ(Make(1'000'000, {}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(DeviceTimerTest, WhatTheDeviceSaysIsPassedOn) {
  for (const char* call : {"Run", "BeginCapture", "EndCapture", "LaunchGraph", "Record", "Wait", "Nanoseconds"}) {
    FakeDevice device;
    const QueuedProgram program = {&kRow, {1, 1, sizeof(float)}, {}};
    const float x = 1;
    const auto timer =
        MakeDeviceTimer(std::make_shared<SmallGpu>(device), program, {.inputs = {&x}, .elements = 1}, {});
    ASSERT_TRUE(timer.ok());
    device.FailFrom(call, 1, absl::InternalError("so"));
    EXPECT_EQ((*timer)->TimeKernel(3).status().message(), "so") << call;
  }
}

TEST_F(DeviceTimerTest, WhatTheDeviceSaysOfALaunchIsPassedOn) {
  for (const char* call : {"Clear", "Run", "BeginCapture", "EndCapture", "LaunchGraph", "Wait"}) {
    FakeDevice device;
    const QueuedProgram program = {&kRow, {1, 1, sizeof(float)}, {}};
    const float x = 1;
    const auto timer = MakeDeviceTimer(std::make_shared<SmallGpu>(device), program, {.inputs = {&x}, .elements = 1},
                                       {.cold = true, .launch = LaunchTime::kGraph});
    ASSERT_TRUE(timer.ok());
    device.FailFrom(call, 1, absl::InternalError("so"));
    EXPECT_EQ((*timer)->TimeKernel(3).status().message(), "so") << call;
  }
}

}  // namespace
}  // namespace actbench::cuda
