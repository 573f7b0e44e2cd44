// SPDX-License-Identifier: Apache-2.0
#include "server/self_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "tests/metrics_text.h"
#include "tests/scheduler_fixture.h"
#include "tests/wrong_kernel.h"

namespace actbench {
namespace {

class SelfCheckTest : public SchedulerTest {
 protected:
  static std::string Series(const std::string& metric, const Kernel& kernel, const std::string& kind = "") {
    return "actbench_accuracy_" + metric + "{activation=\"" + kernel.activation + "\",device=\"cpu\",direction=\"" +
           std::string(Name(kernel.direction)) + "\",dtype=\"" + std::string(Name(kernel.dtype)) + "\",isa=\"" +
           kernel.isa + "\"," + (kind.empty() ? "" : "kind=\"" + kind + "\",") + "provider=\"" + kernel.provider +
           "\",source=\"self_check\",tier=\"" + kernel.tier + "\"}";
  }
  double Value(const std::string& series) const { return MetricValue(metrics_.Text(), series); }
  bool WaitUntilChecked(const Kernel& kernel, double elements) const {
    const std::string series = Series("checked_elements_total", kernel);
    const absl::Time deadline = absl::Now() + kPatience;
    // A series that does not exist yet has no value.
    while (!(Value(series) >= elements)) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }
};

TEST_F(SelfCheckTest, OnlyKernelsThatServedAreChecked) {
  Scheduler scheduler(2, 10, metrics_);
  SelfCheck self_check(Catalog::Default(), scheduler, metrics_);
  std::set<std::string> served;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    // Not the exact tier, which has kernels of the same activation and instruction set.
    if (kernel.activation != "silu" || kernel.isa != "scalar" || kernel.tier != "fast") continue;
    served.insert(kernel.Name());
    self_check.Served(kernel);
  }
  EXPECT_EQ(served.size(), 8u);
  self_check.Start();
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (!served.contains(kernel.Name())) continue;
    SCOPED_TRACE(kernel.Name());
    // More than the special values and their combinations.
    ASSERT_TRUE(WaitUntilChecked(kernel, kernel.dtype == Dtype::kF64 ? 40 : 2000));
    if (kernel.dtype == Dtype::kF64) continue;
    // A large dy shows the digits that a subnormal f' lacks.
    if (kernel.direction == Direction::kForward) {
      EXPECT_LE(Value(Series("max_ulp", kernel)), 2);
    }
    EXPECT_GT(Value(Series("mean_ulp", kernel)), 0);
    EXPECT_EQ(Value(Series("special_value_mismatches_total", kernel, "nan")), 0);
  }
  self_check.Stop();
  const std::string text = metrics_.Text();
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    EXPECT_EQ(text.find(Series("checked_elements_total", kernel)) != std::string::npos, served.contains(kernel.Name()))
        << kernel.Name();
  }
}

TEST_F(SelfCheckTest, AWrongKernelIsCaughtAtTheSpecialValuesAtOnce) {
  const Catalog catalog(WrongBackends());
  const Kernel& kernel = catalog.kernels()[0];
  Scheduler scheduler(1, 10, metrics_);
  SelfCheck self_check(catalog, scheduler, metrics_);
  self_check.Served(kernel);
  self_check.Start();
  ASSERT_TRUE(WaitUntilChecked(kernel, 200));
  EXPECT_TRUE(std::isinf(Value(Series("max_ulp", kernel))));
  // NaN in, and the infinities and the largest number.
  EXPECT_GE(Value(Series("special_value_mismatches_total", kernel, "nan")), 3);
  EXPECT_GT(Value(Series("mismatched_elements_total", kernel)), 100);
}

// relu6, right but for x = 6, where the pieces meet.
float WrongAtAKink(float x) { return x <= 0 || x == 6 ? 0 : x > 6 ? 6 : x; }

TEST_F(SelfCheckTest, AKernelThatIsWrongAtAKinkAloneIsCaught) {
  const Catalog catalog(WrongBackendsOf<WrongAtAKink>("relu6"));
  const Kernel& kernel = catalog.kernels()[0];
  Scheduler scheduler(1, 10, metrics_);
  SelfCheck self_check(catalog, scheduler, metrics_);
  self_check.Served(kernel);
  self_check.Start();
  ASSERT_TRUE(WaitUntilChecked(kernel, 200));
  EXPECT_EQ(Value(Series("mismatched_elements_total", kernel)), 1);
  EXPECT_EQ(Value(Series("special_value_mismatches_total", kernel, "zero")), 1);
}

TEST_F(SelfCheckTest, StopsThoughItsWorkWaits) {
  Scheduler scheduler(1, 10, metrics_);
  SelfCheck self_check(Catalog::Default(), scheduler, metrics_);
  const Kernel& kernel = **Catalog::Default().FindKernel("relu", Direction::kForward, Dtype::kF32, {});
  self_check.Served(kernel);
  Blocker blocker(scheduler);
  self_check.Start();
  const absl::Time deadline = absl::Now() + kPatience;
  while (scheduler.counts().waiting[JobClass::kBackground] == 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(scheduler.counts().waiting[JobClass::kBackground], 1u);
  self_check.Stop();
  EXPECT_EQ(scheduler.counts().waiting[JobClass::kBackground], 0u);
  EXPECT_EQ(metrics_.Text().find("source="), std::string::npos);
  EXPECT_EQ(Value("actbench_rpc_cancelled_work_total{stage=\"queued\"}"), 0);
}

TEST_F(SelfCheckTest, StopsWhetherOrNotItEverHadAnythingToDo) {
  Scheduler scheduler(1, 10, metrics_);
  { SelfCheck never_started(Catalog::Default(), scheduler, metrics_); }
  SelfCheck idle(Catalog::Default(), scheduler, metrics_);
  idle.Start();
  idle.Stop();
  idle.Stop();
  SelfCheck drained(Catalog::Default(), scheduler, metrics_);
  drained.Served(Catalog::Default().kernels()[0]);
  scheduler.Drain(absl::InfiniteFuture());
  drained.Start();
  drained.Stop();
  EXPECT_EQ(metrics_.Text().find("source="), std::string::npos);
}

TEST_F(SelfCheckTest, TakesLessThanAHundredthOfACoreAfterTheFirstMinute) {
  for (const absl::Duration spent : {absl::ZeroDuration(), absl::Microseconds(100), absl::Milliseconds(5)}) {
    for (const absl::Duration since_start : {absl::Minutes(1), absl::Hours(1)}) {
      EXPECT_GT(SelfCheck::Rest(spent, since_start), 99 * spent);
    }
    EXPECT_GT(SelfCheck::Rest(spent, absl::ZeroDuration()), 8 * spent);
    EXPECT_GT(SelfCheck::Rest(spent, absl::ZeroDuration()), absl::ZeroDuration());
  }
}

}  // namespace
}  // namespace actbench
