// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/sweep.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/fake_device.h"

namespace actbench::cuda {
namespace {

// On the bits of 16-bit integers, which stand for numbers here.
uint16_t* Output(const Launch& launch) { return static_cast<uint16_t*>(launch.tensors[0].outputs[0]); }
const uint16_t* Input(const Launch& launch, size_t i) {
  return static_cast<const uint16_t*>(launch.tensors[0].inputs[i]);
}

int Fill(const Launch& launch) {
  for (uint64_t i = 0; i < launch.tensors[0].elements; ++i) {
    Output(launch)[i] = static_cast<uint16_t>(static_cast<uint64_t>(launch.parameters[0]) + i);
  }
  return 0;
}
int Ones(const Launch& launch) {
  for (uint64_t i = 0; i < launch.tensors[0].elements; ++i) Output(launch)[i] = 1;
  return 0;
}
int Compare(const Launch& launch) {
  SweepCounts counts;
  std::memcpy(&counts, launch.tensors[0].outputs[0], sizeof(counts));
  for (uint64_t i = 0; i < launch.tensors[0].elements; ++i) {
    const int distance = std::abs(Input(launch, 0)[i] - Input(launch, 1)[i]);
    if (distance == 0) continue;
    ++counts.differing;
    const uint64_t x = static_cast<uint64_t>(launch.parameters[0]) + i;
    counts.worst = std::max(counts.worst, static_cast<uint64_t>(distance) << 32 | x);
  }
  std::memcpy(launch.tensors[0].outputs[0], &counts, sizeof(counts));
  return 0;
}
constexpr SweepRows kRows = {{"fill", 1, 0, 1, &Fill}, {"ones", 0, 0, 1, &Ones}, {"compare", 1, 2, 1, &Compare}};

// x times dy, and the same but for two inputs.
int Exact(const Launch& launch) {
  for (uint64_t i = 0; i < launch.tensors[0].elements; ++i) {
    Output(launch)[i] = static_cast<uint16_t>(Input(launch, 0)[i] * Input(launch, 1)[i]);
  }
  return 0;
}
int Nearly(const Launch& launch) {
  Exact(launch);
  for (uint64_t i = 0; i < launch.tensors[0].elements; ++i) {
    if (Input(launch, 0)[i] == 60'000) Output(launch)[i] = static_cast<uint16_t>(60'000 + launch.parameters[0]);
    if (Input(launch, 0)[i] == 7) Output(launch)[i] = 6;
  }
  return 0;
}
constexpr LaunchRow kExact = {"exact", 1, 2, 1, &Exact};
constexpr LaunchRow kNearly = {"nearly", 1, 2, 1, &Nearly};

TEST(SweepTest, FindsEveryDifferenceAndTheWorst) {
  for (const size_t step : {size_t{1000}, size_t{1} << 16, size_t{1} << 20}) {
    FakeDevice device;
    const absl::StatusOr<SweepResult> result = Sweep(device, kRows, kNearly, kExact, {3}, 16, step);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->inputs, 65536u);
    EXPECT_EQ(result->differing, 2u);
    EXPECT_EQ(result->max_distance, 3u);
    EXPECT_EQ(result->worst_bits, 60'000u);
    EXPECT_GT(result->seconds, 0);
  }
}

TEST(SweepTest, FindsNoneWhereThereIsNone) {
  FakeDevice device;
  const absl::StatusOr<SweepResult> result = Sweep(device, kRows, kExact, kExact, {0}, 16, 4096);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->differing, 0u);
  EXPECT_EQ(result->max_distance, 0u);
}

TEST(SweepTest, WhatTheDeviceSaysIsPassedOn) {
  for (const char* call : {"Allocate", "AllocatePinned", "CreateStream", "Clear", "Run", "Wait", "CopyFromDevice"}) {
    FakeDevice device;
    device.FailFrom(call, 1, absl::InternalError("so"));
    EXPECT_EQ(Sweep(device, kRows, kExact, kExact, {0}, 16, 4096).status().message(), "so") << call;
  }
}

}  // namespace
}  // namespace actbench::cuda
