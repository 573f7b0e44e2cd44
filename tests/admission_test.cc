// SPDX-License-Identifier: Apache-2.0
#include "server/admission.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace actbench {
namespace {

TEST(ByteBudgetTest, RefusesWhatDoesNotFitAndSaysWhy) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.Reserve(60).ok());
  EXPECT_TRUE(budget.Reserve(40).ok());
  const absl::Status full = budget.Reserve(1);
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_NE(std::string(full.message()).find("100 are in work already; at most 100"), std::string::npos) << full;
  EXPECT_NE(std::string(full.message()).find("try again later"), std::string::npos) << full;
  EXPECT_NE(std::string(budget.Reserve(101).message()).find("send smaller requests"), std::string::npos);
  budget.Release(60);
  EXPECT_TRUE(budget.Reserve(60).ok());
  EXPECT_EQ(budget.used(), 100);
}

// A refusal must not take room for a moment, which another thread would miss.
TEST(ByteBudgetTest, NeverRefusesWhatFitsWhileOthersAreRefused) {
  ByteBudget budget(100);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100'000; ++j) EXPECT_FALSE(budget.Reserve(101).ok());
    });
  }
  for (int j = 0; j < 100'000; ++j) {
    ASSERT_TRUE(budget.Reserve(100).ok());
    budget.Release(100);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace actbench
