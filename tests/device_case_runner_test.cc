// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/device_case_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "tests/fake_gpu.h"

namespace actbench {
namespace {

// A device of which every time and every look at the sensors is told beforehand; the last stays.
struct Script {
  std::deque<double> kernel_ns = {100};
  std::deque<double> copy_ns = {50};
  std::deque<GpuSensors> sensors = {{.clock_hz = 1.5e9, .throttled = 0}};
  // The same after copies; without any, as after kernels.
  std::deque<GpuSensors> copy_sensors = {};
  bool copies = false;  // came last
  TimerManner manner = {};
  int kernel_times = 0;
};

class ScriptedTimer final : public DeviceTimer {
 public:
  explicit ScriptedTimer(Script& script) : script_(script) {}
  absl::StatusOr<double> TimeKernel(int64_t) override {
    ++script_.kernel_times;
    script_.copies = false;
    return Next(script_.kernel_ns);
  }
  absl::StatusOr<double> TimeCopy(int64_t) override {
    script_.copies = true;
    return Next(script_.copy_ns);
  }
  GpuSensors sensors() const override {
    return Next(script_.copies && !script_.copy_sensors.empty() ? script_.copy_sensors : script_.sensors);
  }

 private:
  template <class T>
  static T Next(std::deque<T>& values) {
    const T value = values.front();
    if (values.size() > 1) values.pop_front();
    return value;
  }
  Script& script_;
};

class ScriptedKernel final : public DeviceKernel {
 public:
  explicit ScriptedKernel(Script& script, const Gpu& gpu) : script_(script), gpu_(gpu) {}
  const Gpu& gpu() const override { return gpu_; }
  std::shared_ptr<const DeviceProgram> Prepare(const double*) const override {
    return std::make_shared<Program>(script_);
  }

 private:
  class Program final : public DeviceProgram {
   public:
    explicit Program(Script& script) : script_(script) {}
    absl::Status Run(absl::Span<const HostTensor>, DeviceTimes&) const override { return absl::OkStatus(); }
    absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeTimer(const HostTensor&,
                                                           const TimerManner& manner) const override {
      script_.manner = manner;
      return std::make_unique<ScriptedTimer>(script_);
    }

   private:
    Script& script_;
  };
  Script& script_;
  const Gpu& gpu_;
};

class DeviceCaseRunnerTest : public testing::Test {
 protected:
  DeviceCaseRunnerTest() {
    kernel_.on_device = std::make_shared<ScriptedKernel>(script_, *gpu_.catalog().gpus()[0]);
    benchmark_.activation = *Catalog::FindActivation("relu");
    benchmark_.kernel = &kernel_;
    benchmark_.elements = 1000;
  }

  Slice Run() {
    const auto runner = CaseRunner::Make(benchmark_, 0, {});
    EXPECT_TRUE(runner.ok()) << runner.status();
    const absl::StatusOr<Slice> slice = (*runner)->Run(std::chrono::milliseconds(5));
    EXPECT_TRUE(slice.ok()) << slice.status();
    return *slice;
  }

  static GpuSensors At(double clock_hz, double throttled) { return {.clock_hz = clock_hz, .throttled = throttled}; }

  FakeGpu gpu_;
  Script script_;
  Kernel kernel_ = {"relu", Direction::kForward, Dtype::kF32, "actbench", "fast", "cuda:0", "sm_90", {}};
  BenchmarkCase benchmark_;
};

TEST_F(DeviceCaseRunnerTest, SamplesAreOfTheDevicesClock) {
  const Slice slice = Run();
  EXPECT_GT(slice.ns_per_call.size(), 1u);
  EXPECT_EQ(slice.ns_per_call.front(), 100);
  EXPECT_EQ(slice.ns_per_call.back(), 100);
  EXPECT_EQ(slice.copy_ns, 50);
  EXPECT_EQ(slice.calls_per_sample, 256);  // 10,000 would be a sample's time, which is more than a graph has
  EXPECT_EQ(slice.clock_ghz, 1.5);
}

TEST_F(DeviceCaseRunnerTest, EachLaunchIsASample) {
  benchmark_.launch = LaunchTime::kGraph;
  EXPECT_EQ(Run().calls_per_sample, 1);
  EXPECT_EQ(script_.manner.launch, LaunchTime::kGraph);
  EXPECT_FALSE(script_.manner.cold);
}

TEST_F(DeviceCaseRunnerTest, ThrottledSamplesDoNotCount) {
  script_.sensors = {At(1.5e9, 1), At(1.4e9, 0), At(1.45e9, 0), At(1.5e9, 0)};
  const Slice slice = Run();
  EXPECT_EQ(slice.clock_ghz, 1.45) << "what is 5 % slower does not count, nor what is throttled";
  EXPECT_FALSE(slice.gpu_throttled);
}

TEST_F(DeviceCaseRunnerTest, WhereMostAreThrottledTheSliceIs) {
  script_.sensors = {At(1.5e9, 0), At(1.2e9, 1)};
  script_.copy_sensors = {At(1.5e9, 0)};
  const Slice slice = Run();
  EXPECT_GT(slice.ns_per_call.size(), 1u);
  EXPECT_TRUE(slice.gpu_throttled);
  EXPECT_EQ(slice.clock_ghz, 1.2) << "that of all, which now count";
}

TEST_F(DeviceCaseRunnerTest, ThrottledCopiesDoNotCountEither) {
  script_.copy_sensors = {At(1.5e9, 0)};
  EXPECT_FALSE(Run().gpu_throttled);
  script_.copy_sensors = {At(1.2e9, 0)};
  const Slice slow = Run();
  EXPECT_TRUE(slow.gpu_throttled) << "at 0.8 of the clock that the kernel had";
  EXPECT_EQ(slow.copy_ns, 50);
}

TEST_F(DeviceCaseRunnerTest, WithoutSensorsAllCount) {
  script_.sensors = {GpuSensors{}};
  const Slice slice = Run();
  EXPECT_FALSE(slice.ns_per_call.empty());
  EXPECT_EQ(slice.clock_ghz, 0);
}

TEST_F(DeviceCaseRunnerTest, WhatIsNotTimedOnADeviceIsToldWithTheReason) {
  BenchmarkCase benchmark = benchmark_;
  benchmark.threads = 2;
  EXPECT_EQ(CaseRunner::Make(benchmark, 0, {}).status().code(), absl::StatusCode::kInvalidArgument);
  benchmark = benchmark_;
  benchmark.in_place = true;
  EXPECT_EQ(CaseRunner::Make(benchmark, 0, {}).status().code(), absl::StatusCode::kUnimplemented);
  benchmark = benchmark_;
  benchmark.rivals = {{.kernel = &kernel_}};
  EXPECT_EQ(CaseRunner::Make(benchmark, 0, {}).status().code(), absl::StatusCode::kUnimplemented);
}

// All the way to a device that is none.
TEST_F(DeviceCaseRunnerTest, TimesAKernelOfTheCatalog) {
  benchmark_.kernel = *gpu_.catalog().FindKernel("relu", Direction::kForward, Dtype::kF32, {.device = "cuda:0"});
  for (const CacheState cache : {CacheState::kHot, CacheState::kCold}) {
    for (const LaunchTime launch : {LaunchTime::kNone, LaunchTime::kAlone, LaunchTime::kGraph}) {
      benchmark_.cache = cache;
      benchmark_.launch = launch;
      EXPECT_GT(Run().ns_per_call.front(), 0);
    }
  }
}

}  // namespace
}  // namespace actbench
