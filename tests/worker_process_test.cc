// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/worker_process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "kernels/measure/worker_messages.h"
#include "tests/bench_fixture.h"

namespace actbench {
namespace {

constexpr std::chrono::seconds kLong{60};

std::unique_ptr<WorkerProcess> Start(const std::string& program) {
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = WorkerProcess::Start(program);
  EXPECT_TRUE(worker.ok()) << worker.status();
  return *std::move(worker);
}

TEST(WorkerProcessTest, TheRealWorkerTimesItsTaskAndMeasuresItsError) {
  const std::unique_ptr<WorkerProcess> worker = Start(WorkerBesideThisProgram());
  const WorkerTask task = {.benchmark = CaseOf("sigmoid"), .layout_seed = 1, .cpus = {0}};
  ASSERT_TRUE(worker->Write(ToLine(task)).ok());
  ASSERT_TRUE(ReadyFromLine(**worker->TryReadLine(kLong)).ok());
  ASSERT_TRUE(worker->Write(ToLine(WorkerRequest{.run = std::chrono::milliseconds(5), .error_samples = 0})).ok());
  const absl::StatusOr<Slice> slice = SliceFromLine(**worker->TryReadLine(kLong));
  ASSERT_TRUE(slice.ok()) << slice.status();
  EXPECT_GT(slice->ns_per_call.front(), 0);
  EXPECT_GT(slice->copy_ns, 0);
  EXPECT_GE(slice->calls_per_sample, 1);
  EXPECT_GT(slice->clock_ghz, 0.1);
  ASSERT_TRUE(worker->Write(ToLine(WorkerRequest{.run = {}, .error_samples = 1000})).ok());
  std::optional<SampledError> error;
  while (!error.has_value()) {
    const absl::StatusOr<std::optional<SampledError>> said = ErrorFromLine(**worker->TryReadLine(kLong));
    ASSERT_TRUE(said.ok()) << said.status();
    error = *said;
  }
  EXPECT_GE(error->checked, 1000u);
  EXPECT_GT(error->max_ulp, 0.4);
  EXPECT_LT(error->max_ulp, 2);
}

TEST(WorkerProcessTest, ATaskThatCannotBeIsAnsweredWithTheReason) {
  const std::unique_ptr<WorkerProcess> worker = Start(WorkerBesideThisProgram());
  const WorkerTask task = {.benchmark = CaseOf("sigmoid"), .layout_seed = 1, .cpus = {0, 1, 2}};
  ASSERT_TRUE(worker->Write(ToLine(task)).ok());
  const absl::Status status = ReadyFromLine(**worker->TryReadLine(kLong));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST(WorkerProcessTest, ItTakesItsInputsFromTheTask) {
  const std::unique_ptr<WorkerProcess> worker = Start(WorkerBesideThisProgram());
  WorkerTask task = {.benchmark = CaseOf("sigmoid"), .layout_seed = 1, .cpus = {0}};
  task.benchmark.given = {std::string(4000, '\n')};
  ASSERT_TRUE(worker->Write(ToLine(task)).ok());
  EXPECT_FALSE(worker->TryReadLine(std::chrono::milliseconds(50))->has_value()) << "before it has them";
  ASSERT_TRUE(worker->Write(task.benchmark.given[0]).ok());
  EXPECT_TRUE(ReadyFromLine(**worker->TryReadLine(kLong)).ok());
}

TEST(WorkerProcessTest, HowItEndedIsTold) {
  const absl::Status crashed = Start(Script("kill -SEGV $$"))->TryReadLine(kLong).status();
  EXPECT_TRUE(absl::IsAborted(crashed));
  EXPECT_EQ(crashed.message(), "the worker was ended by signal 11 (Segmentation fault)");
  const absl::Status failed = Start(Script("exit 7"))->TryReadLine(kLong).status();
  EXPECT_EQ(failed.message(), "the worker ended with exit status 7");
}

TEST(WorkerProcessTest, WritingToOneThatEndedTellsThatToo) {
  const std::unique_ptr<WorkerProcess> worker = Start(Script("exit 7"));
  absl::Status status;
  for (int i = 0; i < 10000 && status.ok(); ++i) status = worker->Write(std::string(1000, 'x'));
  EXPECT_EQ(status.message(), "the worker ended with exit status 7");
}

TEST(WorkerProcessTest, AProgramThatIsNotThereIsNamed) {
  const absl::Status status = WorkerProcess::Start("/no/such/worker").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "cannot start the worker /no/such/worker: No such file or directory");
}

TEST(WorkerProcessTest, InterruptEndsAWaitForOneThatHangs) {
  const std::unique_ptr<WorkerProcess> worker = Start(Script("exec sleep 600"));
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    worker->Interrupt();
  });
  EXPECT_TRUE(absl::IsAborted(worker->TryReadLine(kLong).status()));
  interrupter.join();
}

TEST(WorkerProcessTest, ItEndsWithItsObject) {
  const std::string pid_file = testing::TempDir() + "worker_pid";
  std::unique_ptr<WorkerProcess> worker =
      Start(Script("echo $$ > " + pid_file + ".new; mv " + pid_file + ".new " + pid_file + "; exec sleep 600"));
  pid_t pid = 0;
  while (!(std::ifstream(pid_file) >> pid)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(kill(pid, 0), 0);
  worker.reset();
  EXPECT_NE(kill(pid, 0), 0);
  std::remove(pid_file.c_str());
}

}  // namespace
}  // namespace actbench
