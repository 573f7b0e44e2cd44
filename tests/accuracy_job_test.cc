// SPDX-License-Identifier: Apache-2.0
// Measurements on the scheduler without gRPC between, so that the thread sanitizer sees every access.
#include "server/accuracy_job.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/metrics.h"
#include "tests/metrics_text.h"
#include "tests/scheduler_fixture.h"

namespace actbench {
namespace {

class AccuracyJobTest : public testing::Test {
 protected:
  // Of sigmoid with the best kernel.
  static AccuracyPlan Plan(Dtype dtype, const InputPlan& inputs, Direction direction = Direction::kForward) {
    const Catalog& catalog = Catalog::Default();
    return {.activation = *Catalog::FindActivation("sigmoid"),
            .kernels = {*catalog.FindKernel("sigmoid", direction, dtype, {})},
            .parameters = {},
            .inputs = inputs,
            .mode = "sampled",
            .input_total = 1};
  }

  // A job and how it ended.
  struct Call {
    std::unique_ptr<AccuracyJob> job;
    std::optional<absl::Status> status;  // to be read when the scheduler is drained
    Gate done;
  };
  std::unique_ptr<Call> Submit(Scheduler& scheduler, AccuracyPlan plan, absl::Time deadline = absl::InfiniteFuture()) {
    auto call = std::make_unique<Call>();
    auto job = AccuracyJob::Make(std::move(plan), deadline, [&call = *call](const absl::Status& status) {
      call.status = status;
      call.done.Open();
    });
    EXPECT_TRUE(job.ok()) << job.status();
    call->job = *std::move(job);
    EXPECT_TRUE(scheduler.Submit(*call->job).ok());
    return call;
  }

  double Stopped(const std::string& stage) const {
    return MetricValue(metrics_.Text(), "actbench_rpc_cancelled_work_total{stage=\"" + stage + "\"}");
  }

  Metrics metrics_;
};

constexpr SampledInputs kEndless = {.count = 1'000'000'000};  // hours in f64

TEST_F(AccuracyJobTest, MeasuresAllInputsWhateverTheWorkers) {
  std::optional<uint64_t> hash;
  for (const int threads : {1, 4}) {
    Scheduler scheduler(threads, 64, metrics_);
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(Submit(scheduler, Plan(Dtype::kF16, ExhaustiveInputs())));
    scheduler.Drain(absl::InfiniteFuture());
    for (const auto& call : calls) {
      ASSERT_TRUE(call->status->ok()) << *call->status;
      EXPECT_EQ(call->job->progress().inputs_done, 65536U);
      EXPECT_EQ(call->job->progress().inputs_total, 65536U);
      EXPECT_EQ(call->job->progress().remaining, absl::ZeroDuration());
      EXPECT_GT(call->job->duration(), absl::ZeroDuration());
      const AccuracyReport report = call->job->measurement().Report(0);
      EXPECT_EQ(report.checked, 65536U);
      if (!hash.has_value()) hash = report.output_hash;
      EXPECT_EQ(report.output_hash, *hash);
    }
  }
}

TEST_F(AccuracyJobTest, TellsWhatIsDoneAndWhatIsLeft) {
  Scheduler scheduler(1, 64, metrics_);
  std::optional<Blocker> blocker(scheduler);
  const auto call = Submit(scheduler, Plan(Dtype::kF64, kEndless));
  AccuracyJob::Progress progress = call->job->progress();
  EXPECT_EQ(progress.inputs_done, 0U);
  EXPECT_EQ(progress.inputs_total, kEndless.count);
  EXPECT_EQ(progress.remaining, absl::InfiniteDuration());
  EXPECT_EQ(scheduler.Place(*call->job), 0U);
  blocker.reset();
  while (progress.inputs_done == 0) progress = call->job->progress();
  EXPECT_LT(progress.inputs_done, kEndless.count);
  EXPECT_GT(progress.remaining, absl::ZeroDuration());
  EXPECT_LT(progress.remaining, absl::InfiniteDuration());
  EXPECT_TRUE(scheduler.Cancel(*call->job, absl::CancelledError("enough")));
  EXPECT_TRUE(call->done.Wait());
  EXPECT_EQ(*call->status, absl::CancelledError("enough"));
  EXPECT_EQ(Stopped("running"), 1);
}

TEST_F(AccuracyJobTest, StopsAtTheDeadlineAlsoWhileItWaits) {
  Scheduler scheduler(1, 64, metrics_);
  // On a busy machine the worker may be later than a deadline.
  for (absl::Duration time = absl::Milliseconds(20); Stopped("running") == 0; time *= 2) {
    const auto running = Submit(scheduler, Plan(Dtype::kF64, kEndless), absl::Now() + time);
    EXPECT_TRUE(running->done.Wait());
    EXPECT_TRUE(absl::IsDeadlineExceeded(*running->status)) << *running->status;
  }
  const auto queued = Stopped("queued");
  const auto late = Submit(scheduler, Plan(Dtype::kF64, kEndless), absl::Now() - absl::Seconds(1));
  EXPECT_TRUE(late->done.Wait());
  EXPECT_TRUE(absl::IsDeadlineExceeded(*late->status)) << *late->status;
  EXPECT_EQ(Stopped("queued"), queued + 1);
}

TEST_F(AccuracyJobTest, LetsInteractiveWorkThrough) {
  Scheduler scheduler(1, 64, metrics_);
  const auto call = Submit(scheduler, Plan(Dtype::kF64, kEndless));
  for (int i = 0; i < 100; ++i) {
    TestJob evaluate(JobClass::kInteractive, 1, Nothing);
    ASSERT_TRUE(scheduler.Submit(evaluate).ok());
    ASSERT_TRUE(evaluate.WaitUntilDone());
  }
  // It is not done, so these did not wait for it.
  EXPECT_LT(call->job->progress().inputs_done, kEndless.count);
  EXPECT_FALSE(scheduler.Drain(absl::Now()));
  EXPECT_TRUE(absl::IsUnavailable(*call->status)) << *call->status;
}

TEST_F(AccuracyJobTest, TwoShareTheWorkers) {
  Scheduler scheduler(1, 64, metrics_);
  const auto first = Submit(scheduler, Plan(Dtype::kF64, kEndless));
  const auto second = Submit(scheduler, Plan(Dtype::kF64, kEndless));
  const absl::Time patience = absl::Now() + kPatience;
  while (second->job->progress().inputs_done < 1000 && absl::Now() < patience) {
  }
  EXPECT_GE(second->job->progress().inputs_done, 1000U);
  EXPECT_GE(first->job->progress().inputs_done, 900U);
  scheduler.Drain(absl::Now());
}

TEST_F(AccuracyJobTest, GivenInputsAreReadWhereTheyAre) {
  const std::vector<float> x = {-1, 0, 1};
  const std::vector<float> dy = {1, 2, 3};
  const GivenInputs inputs = {.inputs = {x.data(), dy.data()}, .count = x.size()};
  Scheduler scheduler(2, 64, metrics_);
  const auto call = Submit(scheduler, Plan(Dtype::kF32, inputs, Direction::kGradient));
  scheduler.Drain(absl::InfiniteFuture());
  ASSERT_TRUE(call->status->ok()) << *call->status;
  EXPECT_EQ(call->job->measurement().Report(0).checked, 3U);
}

// Writes one element more than it should.
void RunTooFar(const void* /*state*/, const void* const* inputs, void* const* outputs, size_t n) {
  const auto* x = static_cast<const char*>(inputs[0]);
  auto* y = static_cast<char*>(outputs[0]);
  for (size_t i = 0; i < (n + 1) * sizeof(float); ++i) y[i] = i < n * sizeof(float) ? x[i] : '\0';
}

TEST_F(AccuracyJobTest, AKernelThatWritesTooFarGivesNoResult) {
  AccuracyPlan plan = Plan(Dtype::kF32, SampledInputs{.count = 100});
  Kernel kernel = *plan.kernels[0];
  kernel.functions.run = RunTooFar;
  plan.kernels = {&kernel};
  Scheduler scheduler(1, 64, metrics_);
  const auto call = Submit(scheduler, std::move(plan));
  scheduler.Drain(absl::InfiniteFuture());
  EXPECT_TRUE(absl::IsDataLoss(*call->status)) << *call->status;
}

TEST_F(AccuracyJobTest, IsNotMadeWhereTheMeasurementCannotBe) {
  const auto job = AccuracyJob::Make(Plan(Dtype::kF64, ExhaustiveInputs()), absl::InfiniteFuture(), nullptr);
  EXPECT_TRUE(absl::IsInvalidArgument(job.status())) << job.status();
}

}  // namespace
}  // namespace actbench
