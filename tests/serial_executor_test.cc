// SPDX-License-Identifier: Apache-2.0
#include "server/serial_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/gate.h"

namespace actbench {
namespace {

TEST(SerialExecutorTest, RunsTasksInTheirOrderOneAtATime) {
  std::vector<int> order;
  {
    SerialExecutor executor;
    for (int i = 0; i < 100; ++i) executor.Post([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(SerialExecutorTest, RefusesWhatIsTooManyButNotWhatMustBe) {
  Gate entered;
  Gate release;
  std::atomic<size_t> ran = 0;
  {
    SerialExecutor executor;
    executor.Post([&] {
      entered.Open();
      EXPECT_TRUE(release.Wait());
    });
    EXPECT_TRUE(entered.Wait());
    for (size_t i = 0; i < SerialExecutor::kQueueLength; ++i) EXPECT_TRUE(executor.TryPost([&ran] { ++ran; }).ok());
    const absl::Status status = executor.TryPost([&ran] { ++ran; });
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_NE(status.message().find("at most 64"), std::string::npos) << status;
    executor.Post([&ran] { ++ran; });
    release.Open();
  }
  EXPECT_EQ(ran, SerialExecutor::kQueueLength + 1);
}

TEST(SerialExecutorTest, TriesAgainUntilNothingIsLeftUndone) {
  std::atomic<int> tries = 0;
  Gate done;
  SerialExecutor executor([&] {
    if (++tries < 2) return true;
    done.Open();
    return false;
  });
  EXPECT_EQ(tries, 0);
  executor.Post([] {});
  EXPECT_TRUE(done.Wait());
}

}  // namespace
}  // namespace actbench
