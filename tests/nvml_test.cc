// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/nvml.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>

namespace actbench::cuda {
namespace {

TEST(NvmlTest, ReadsWhatTheLibrarySays) {
  const Nvml nvml(ACTBENCH_FAKE_NVML);
  ASSERT_TRUE(nvml.loaded());
  const GpuSensors sensors = nvml.Read("0000:01:00.0");
  EXPECT_DOUBLE_EQ(sensors.utilization_ratio, 0.25);
  EXPECT_EQ(sensors.memory_used_bytes, 600);
  EXPECT_EQ(sensors.temperature_celsius, 61);
  EXPECT_EQ(sensors.clock_hz, 1001e6);
  EXPECT_EQ(sensors.memory_clock_hz, 1002e6);
  EXPECT_EQ(sensors.throttled, 1);
  EXPECT_TRUE(std::isnan(sensors.power_watts)) << "which it does not know";
}

TEST(NvmlTest, ReadsTheClockAlone) {
  const GpuSensors sensors = Nvml(ACTBENCH_FAKE_NVML).ReadClock("0000:01:00.0");
  EXPECT_EQ(sensors.clock_hz, 1001e6);
  EXPECT_EQ(sensors.throttled, 1);
  EXPECT_TRUE(std::isnan(sensors.memory_clock_hz));
  EXPECT_TRUE(std::isnan(sensors.temperature_celsius));
}

TEST(NvmlTest, LooksForAGpuOnce) {
  void* const library = dlopen(ACTBENCH_FAKE_NVML, RTLD_NOW);
  ASSERT_NE(library, nullptr);
  const int& lookups = *static_cast<const int*>(dlsym(library, "fake_nvml_lookups"));
  const int before = lookups;
  const Nvml nvml(ACTBENCH_FAKE_NVML);
  for (int time = 0; time < 3; ++time) {
    nvml.Read("0000:01:00.0");
    nvml.ReadClock("0000:01:00.0");
  }
  EXPECT_EQ(lookups - before, 1);
  dlclose(library);
}

TEST(NvmlTest, KnowsNothingOfOtherGpus) {
  const GpuSensors sensors = Nvml(ACTBENCH_FAKE_NVML).Read("0000:02:00.0");
  EXPECT_TRUE(std::isnan(sensors.temperature_celsius));
  EXPECT_TRUE(std::isnan(sensors.throttled));
}

TEST(NvmlTest, KnowsNothingWithoutTheLibraryOrItsFunctions) {
  for (const char* library : {"no_such_library.so.1", "libm.so.6"}) {
    const Nvml nvml(library);
    EXPECT_FALSE(nvml.loaded()) << library;
    EXPECT_TRUE(std::isnan(nvml.Read("0000:01:00.0").clock_hz)) << library;
  }
}

}  // namespace
}  // namespace actbench::cuda
