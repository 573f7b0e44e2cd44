// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/worker_messages.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/bench_fixture.h"

namespace actbench {
namespace {

// Without its newline, as it is read.
std::string Read(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

TEST(WorkerMessagesTest, ATaskArrivesAsItWasSent) {
  WorkerTask task = {.benchmark = CaseOf("swish", Direction::kGradient), .layout_seed = 3, .cpus = {1, 5}};
  task.benchmark.cache = CacheState::kCold;
  task.benchmark.distribution = Distribution::kTails;
  task.benchmark.seed = std::numeric_limits<uint64_t>::max();
  task.benchmark.threads = 2;
  task.benchmark.in_place = true;
  task.benchmark.launch = LaunchTime::kGraph;
  task.benchmark.parameters = {0.1};
  task.benchmark.rivals = {{.kernel = task.benchmark.kernel, .work = 1.05},
                           {.kernel = *Catalog::Default().FindKernel("swish", Direction::kGradient, Dtype::kF32, {})}};
  task.plugins = {.arguments = {"a=x.so"}, .content_hashes = {{"a", "0123456789abcdef"}}};
  const absl::StatusOr<WorkerTask> got = TaskFromLine(Read(ToLine(task)), Catalog::Default());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->benchmark.kernel, task.benchmark.kernel);
  EXPECT_EQ(got->benchmark.activation, task.benchmark.activation);
  EXPECT_EQ(got->benchmark.Text(), task.benchmark.Text());
  ASSERT_EQ(got->benchmark.rivals.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got->benchmark.rivals[i].kernel, task.benchmark.rivals[i].kernel);
    EXPECT_EQ(got->benchmark.rivals[i].work, task.benchmark.rivals[i].work);
  }
  EXPECT_EQ(got->layout_seed, task.layout_seed);
  EXPECT_EQ(got->cpus, task.cpus);
  EXPECT_EQ(got->plugins.arguments, task.plugins.arguments);
  EXPECT_EQ(PluginsOf(Read(ToLine(task)))->content_hashes, task.plugins.content_hashes);
}

TEST(WorkerMessagesTest, ATaskTellsHowManyInputsFollow) {
  WorkerTask task = {.benchmark = CaseOf("sigmoid"), .layout_seed = 0, .cpus = {0}};
  EXPECT_EQ(*GivenInputsOf(Read(ToLine(task))), 0u);
  task.benchmark.given = {"x", "dy"};
  EXPECT_EQ(*GivenInputsOf(Read(ToLine(task))), 2u);
}

TEST(WorkerMessagesTest, ATaskTellsWhetherItNeedsAGpu) {
  WorkerTask task = {.benchmark = CaseOf("sigmoid"), .layout_seed = 0, .cpus = {0}};
  EXPECT_FALSE(*NeedsGpu(Read(ToLine(task))));
  Kernel on_gpu = *task.benchmark.kernel;
  on_gpu.device = "cuda:0";
  task.benchmark.rivals = {{.kernel = &on_gpu}};
  EXPECT_TRUE(*NeedsGpu(Read(ToLine(task))));
  task.benchmark.rivals = {};
  task.benchmark.kernel = &on_gpu;
  EXPECT_TRUE(*NeedsGpu(Read(ToLine(task))));
  EXPECT_FALSE(NeedsGpu("{}").ok());
}

TEST(WorkerMessagesTest, ASliceArrivesAsItWasSent) {
  Slice slice = {.ns_per_call = {0.1, 1e300},
                 .ratios = {{1.5, 0.5}, {}},
                 .copy_ns = 1.0 / 3,
                 .calls_per_sample = 7,
                 .noise = {},
                 .clock_ghz = 4.1};
  slice.noise = {.elapsed_s = 0.25,
                 .steal_ratio = 0.125,
                 .pressure_ratio = {},
                 .throttled_periods = 4,
                 .involuntary_switches = 5,
                 .minor_faults = 6,
                 .major_faults = 7};
  const absl::StatusOr<Slice> got = SliceFromLine(Read(ToLine(slice)));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->ns_per_call, slice.ns_per_call);
  EXPECT_EQ(got->ratios, slice.ratios);
  EXPECT_EQ(got->copy_ns, slice.copy_ns);
  EXPECT_EQ(got->calls_per_sample, 7);
  EXPECT_EQ(got->clock_ghz, 4.1);
  EXPECT_EQ(got->noise.elapsed_s, 0.25);
  EXPECT_EQ(got->noise.steal_ratio, 0.125);
  EXPECT_FALSE(got->noise.pressure_ratio.has_value());
  EXPECT_EQ(got->noise.throttled_periods, 4);
  EXPECT_EQ(got->noise.involuntary_switches, 5);
  EXPECT_EQ(got->noise.minor_faults, 6);
  EXPECT_EQ(got->noise.major_faults, 7);
}

TEST(WorkerMessagesTest, ARequestArrivesAsItWasSent) {
  const WorkerRequest request = {.run = std::chrono::milliseconds(150), .error_samples = 9};
  const absl::StatusOr<WorkerRequest> got = RequestFromLine(Read(ToLine(request)));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->run, request.run);
  EXPECT_EQ(got->error_samples, 9u);
}

TEST(WorkerMessagesTest, AnInfiniteErrorArrivesToo) {
  for (const double ulp : {0.51, std::numeric_limits<double>::infinity()}) {
    const absl::StatusOr<std::optional<SampledError>> got = ErrorFromLine(
        Read(ToLine(SampledError{.max_ulp = ulp, .checked = 5, .misrounded = 2, .output_hash = ~uint64_t{0}})));
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_TRUE(got->has_value());
    EXPECT_EQ((*got)->max_ulp, ulp);
    EXPECT_EQ((*got)->checked, 5u);
    EXPECT_EQ((*got)->misrounded, 2u);
    EXPECT_EQ((*got)->output_hash, ~uint64_t{0});
  }
}

TEST(WorkerMessagesTest, AWorkerThatIsAtItIsNoAnswerAndNoMistake) {
  const absl::StatusOr<std::optional<SampledError>> got = ErrorFromLine(Read(BusyLine()));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_FALSE(got->has_value());
}

TEST(WorkerMessagesTest, AnErrorTakesThePlaceOfEveryAnswer) {
  const std::string line = Read(ToLine(absl::ResourceExhaustedError("no \"memory\"\n\xff")));
  for (const absl::Status& status : {ReadyFromLine(line), SliceFromLine(line).status(), ErrorFromLine(line).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(status.message().substr(0, 12), "no \"memory\"\n");
  }
  EXPECT_TRUE(ReadyFromLine(Read(ReadyLine())).ok());
}

TEST(WorkerMessagesTest, WhatIsNoMessageIsRefused) {
  for (const char* line : {"", "{", "[]", "{}", "3", "{\"ready\":3}", "{\"error\":{}}", "{\"ns_per_call\":\"x\"}"}) {
    EXPECT_TRUE(absl::IsInternal(ReadyFromLine(line))) << line;
    EXPECT_TRUE(absl::IsInternal(SliceFromLine(line).status())) << line;
    EXPECT_TRUE(absl::IsInternal(TaskFromLine(line, Catalog::Default()).status())) << line;
  }
}

}  // namespace
}  // namespace actbench
