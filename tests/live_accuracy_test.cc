// SPDX-License-Identifier: Apache-2.0
// What is chosen of answers, and what becomes of it.
#include "server/live_accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/catalog.h"
#include "proto/dtype.h"
#include "server/evaluate_job.h"
#include "tests/metrics_text.h"
#include "tests/scheduler_fixture.h"
#include "tests/wrong_kernel.h"

namespace actbench {
namespace {

using LiveAccuracyTest = SchedulerTest;

std::string Live(const std::string& metric, const std::string& activation, const std::string& direction,
                 const std::string& dtype, const std::string& isa, const std::string& kind = "") {
  return "actbench_accuracy_" + metric + "{activation=\"" + activation + "\",device=\"cpu\",direction=\"" + direction +
         "\",dtype=\"" + dtype + "\",isa=\"" + isa + "\"," + (kind.empty() ? "" : "kind=\"" + kind + "\",") +
         "provider=\"actbench\",source=\"live\",tier=\"fast\"}";
}

size_t Count(const std::vector<std::vector<size_t>>& chosen) {
  size_t count = 0;
  for (const std::vector<size_t>& positions : chosen) count += positions.size();
  return count;
}

TEST_F(LiveAccuracyTest, TheRateHoldsForSmallRequestsToo) {
  Scheduler scheduler(1, 10, metrics_);
  LiveAccuracy live(0.01, scheduler, metrics_);
  size_t chosen = 0;
  for (int i = 0; i < 20'000; ++i) chosen += Count(live.Choose({1, 0, 2}));
  EXPECT_NEAR(static_cast<double>(chosen), 600, 60);
}

TEST_F(LiveAccuracyTest, NothingIsChosenAtRateZeroAndEverythingAtOne) {
  Scheduler scheduler(1, 10, metrics_);
  EXPECT_EQ(Count(LiveAccuracy(0, scheduler, metrics_).Choose({1000})), 0u);
  LiveAccuracy live(1, scheduler, metrics_);
  EXPECT_EQ(Count(live.Choose({})), 0u);
  EXPECT_EQ(Count(live.Choose({0, 0})), 0u);
  for (int i = 0; i < 100; ++i) {
    const auto chosen = live.Choose({0, 3, 0, 2});
    ASSERT_EQ(chosen.size(), 4u);
    EXPECT_EQ(chosen[1], std::vector<size_t>({0, 1, 2}));
    EXPECT_EQ(chosen[3], std::vector<size_t>({0, 1}));
    EXPECT_EQ(Count(chosen), 5u);
  }
}

TEST_F(LiveAccuracyTest, ARequestHasABoundAndItsPositionsAscend) {
  Scheduler scheduler(1, 10, metrics_);
  LiveAccuracy live(0.001, scheduler, metrics_);
  for (int i = 0; i < 1000; ++i) {
    const auto chosen = live.Choose({size_t{1} << 26, 5, size_t{1} << 20});
    EXPECT_LE(Count(chosen), LiveAccuracy::kMaxOfRequest);
    EXPECT_GT(Count(chosen), LiveAccuracy::kMaxOfRequest - 3);
    for (const auto& positions : chosen) {
      EXPECT_EQ(std::set<size_t>(positions.begin(), positions.end()).size(), positions.size());
      EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
    }
  }
}

// Below the bound and at it.
TEST_F(LiveAccuracyTest, EveryPositionIsAsLikelyAsEveryOther) {
  Scheduler scheduler(1, 10, metrics_);
  for (const double rate : {0.05, 1.0}) {
    LiveAccuracy live(rate, scheduler, metrics_);
    std::vector<int> hits(100);
    for (int i = 0; i < 20'000; ++i) {
      const auto chosen = live.Choose({37, 63});
      for (size_t item = 0; item < chosen.size(); ++item) {
        for (const size_t position : chosen[item]) ++hits[item * 37 + position];
      }
    }
    const double mean = std::accumulate(hits.begin(), hits.end(), 0.0) / 100;
    // Of a binomial distribution hardly anything is five deviations off.
    for (const int each : hits) EXPECT_NEAR(each, mean, 5 * std::sqrt(mean)) << "at rate " << rate;
  }
}

// A request for one item, its samples checked when it is done.
class LiveCall {
 public:
  LiveCall(v1::EvaluateItem item, LiveAccuracy& live, Metrics& metrics, const Catalog& catalog = Catalog::Default())
      : live_(live) {
    *request_.add_items() = std::move(item);
    job_ = std::make_unique<EvaluateJob>(
        request_, response_, catalog, Limits(), metrics, absl::InfiniteFuture(),
        [this](const absl::Status&) { done_.Open(); }, &live);
    job_->AllocateOutputs();
  }
  void Run(Scheduler& scheduler) {
    ASSERT_TRUE(scheduler.Submit(*job_).ok());
    ASSERT_TRUE(done_.Wait());
    ASSERT_EQ(response_.results(0).status().code(), 0) << response_.results(0).status().message();
    live_.Check(job_->TakeSamples());
  }

 private:
  LiveAccuracy& live_;
  v1::EvaluateRequest request_;
  v1::EvaluateResponse response_;
  Gate done_;
  std::unique_ptr<EvaluateJob> job_;
};

// Different everywhere, so that a result beside a wrong input is seen.
v1::EvaluateItem MakeItem(const std::string& activation, v1::Direction direction, Dtype dtype, size_t elements) {
  v1::EvaluateItem item;
  item.set_activation(activation);
  item.set_direction(direction);
  item.mutable_selector()->set_isa("scalar");
  for (int i = 0; i < (direction == v1::DIRECTION_GRADIENT ? 2 : 1); ++i) {
    v1::Tensor& tensor = *item.add_inputs();
    tensor.set_dtype(ToProto(dtype));
    tensor.add_shape(static_cast<int64_t>(elements));
    tensor.mutable_data()->resize(elements * SizeBytes(dtype));
    for (size_t n = 0; n < elements; ++n) {
      StoreElement(dtype, 1 + i + static_cast<double>(n % 997) / 256,
                   tensor.mutable_data()->data() + n * SizeBytes(dtype));
    }
  }
  return item;
}

// Waits until the checks have run.
void WaitForIdle(const Scheduler& scheduler) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (scheduler.counts().unfinished > 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  ASSERT_EQ(scheduler.counts().unfinished, 0u);
}

// In place and through the buffer, in one chunk and in several.
TEST_F(LiveAccuracyTest, InputsAndOutputsOfTheSameElementsAreCompared) {
  Scheduler scheduler(2, 100, metrics_);
  LiveAccuracy live(1, scheduler, metrics_);
  int calls = 0;
  for (const Dtype dtype : {Dtype::kF64, Dtype::kF32, Dtype::kBF16}) {
    for (const v1::Direction direction : {v1::DIRECTION_FORWARD, v1::DIRECTION_GRADIENT}) {
      for (const size_t elements : {64, 100'000}) {
        for (const bool buffered : {false, true}) {
          v1::EvaluateItem item = MakeItem("silu", direction, dtype, elements);
          if (buffered) item.set_output_dtype(dtype == Dtype::kF64 ? v1::DTYPE_F32 : v1::DTYPE_F64);
          LiveCall call(item, live, metrics_);
          call.Run(scheduler);
          WaitForIdle(scheduler);
          ++calls;
        }
      }
      const std::string text = metrics_.Text();
      const std::string direction_name = direction == v1::DIRECTION_FORWARD ? "forward" : "gradient";
      const std::string dtype_name(Name(dtype));
      EXPECT_EQ(MetricValue(text, Live("checked_elements_total", "silu", direction_name, dtype_name, "scalar")),
                4 * 64);
      EXPECT_EQ(MetricValue(text, Live("error_ulp_count", "silu", direction_name, dtype_name, "scalar")), 4 * 64);
      const double max_ulp = MetricValue(text, Live("max_ulp", "silu", direction_name, dtype_name, "scalar"));
      EXPECT_GT(max_ulp, 0);
      EXPECT_LE(max_ulp, 2);
    }
  }
  EXPECT_EQ(calls, 24);
  EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_accuracy_samples_dropped_total"), 0);
}

TEST_F(LiveAccuracyTest, AWrongKernelIsCaught) {
  const Catalog catalog(WrongBackends());
  Scheduler scheduler(2, 100, metrics_);
  LiveAccuracy live(1, scheduler, metrics_);
  v1::EvaluateItem item = MakeItem("silu", v1::DIRECTION_FORWARD, Dtype::kF32, 100'000);
  item.mutable_selector()->set_isa("wrong");
  LiveCall(item, live, metrics_, catalog).Run(scheduler);
  WaitForIdle(scheduler);
  const std::string text = metrics_.Text();
  EXPECT_EQ(MetricValue(text, Live("mismatched_elements_total", "silu", "forward", "f32", "wrong")), 64);
  EXPECT_GT(MetricValue(text, Live("special_value_mismatches_total", "silu", "forward", "f32", "wrong", "nan")), 3);
  EXPECT_TRUE(std::isinf(MetricValue(text, Live("max_ulp", "silu", "forward", "f32", "wrong"))));
}

TEST_F(LiveAccuracyTest, SamplesAreDroppedAndCountedWhereTooManyWait) {
  Scheduler scheduler(1, 10'000, metrics_);
  LiveAccuracy live(1, scheduler, metrics_);
  const Kernel& kernel = **Catalog::Default().FindKernel("relu", Direction::kForward, Dtype::kF32, {});
  const auto check = [&] {
    std::vector<size_t> positions(64);
    std::iota(positions.begin(), positions.end(), size_t{0});
    std::vector<std::unique_ptr<LiveSamples>> samples;
    samples.push_back(std::make_unique<LiveSamples>(**Catalog::FindActivation("relu"), kernel, std::vector<double>(),
                                                    std::move(positions)));
    live.Check(std::move(samples));
  };
  {
    Blocker blocker(scheduler);
    constexpr size_t kFit = LiveAccuracy::kMaxWaiting / 64;
    for (size_t i = 0; i < kFit + 3; ++i) check();
    EXPECT_EQ(scheduler.counts().waiting[JobClass::kBackground], kFit);
    EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_accuracy_samples_dropped_total"), 3 * 64);
  }
  WaitForIdle(scheduler);
  check();
  WaitForIdle(scheduler);
  EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_accuracy_samples_dropped_total"), 3 * 64);
  // Not where the server stops.
  scheduler.Drain(absl::InfiniteFuture());
  check();
  EXPECT_EQ(MetricValue(metrics_.Text(), "actbench_accuracy_samples_dropped_total"), 3 * 64);
}

}  // namespace
}  // namespace actbench
