// SPDX-License-Identifier: Apache-2.0
#include "server/ticker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "tests/gate.h"

namespace actbench {
namespace {

// Counts its ticks, and wants no more after the last.
class Counter final : public Ticker::Client {
 public:
  explicit Counter(int last) : last_(last) {}
  bool Tick(bool periodic) override {
    if (periodic) ++periodic_ticks;
    if (++ticks < last_) return true;
    reached.Open();
    return false;
  }

  std::atomic<int> ticks = 0;
  std::atomic<int> periodic_ticks = 0;
  Gate reached;

 private:
  const int last_;
};

TEST(TickerTest, CallsAClientSoonAndThenEachPeriod) {
  Ticker ticker(absl::Milliseconds(1));
  const auto client = std::make_shared<Counter>(4);
  ticker.Add(client);
  EXPECT_TRUE(client->reached.Wait());
  EXPECT_EQ(client->periodic_ticks, 3);
}

TEST(TickerTest, CallsNoOneWhoWantsNoMore) {
  Ticker ticker(absl::Milliseconds(1));
  const auto first = std::make_shared<Counter>(1);
  ticker.Add(first);
  EXPECT_TRUE(first->reached.Wait());
  const auto second = std::make_shared<Counter>(5);
  ticker.Add(second);
  EXPECT_TRUE(second->reached.Wait());
  EXPECT_EQ(first->ticks, 1);
}

TEST(TickerTest, CallsAllWhenItIsWoken) {
  Ticker ticker(absl::InfiniteDuration());
  const auto first = std::make_shared<Counter>(3);
  const auto second = std::make_shared<Counter>(1);
  ticker.Add(first);
  ticker.Add(second);
  EXPECT_TRUE(second->reached.Wait());
  while (first->ticks < 3) ticker.Wake();
  EXPECT_TRUE(first->reached.Wait());
  EXPECT_EQ(first->periodic_ticks, 0);
}

TEST(TickerTest, LetsGoOfItsClientsAtTheEnd) {
  const auto client = std::make_shared<Counter>(1'000'000);
  {
    Ticker ticker(absl::Milliseconds(1));
    ticker.Add(client);
  }
  EXPECT_EQ(client.use_count(), 1);
}

}  // namespace
}  // namespace actbench
