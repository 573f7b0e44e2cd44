// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>

#include "client/study/training.h"
#include "tests/local_apply.h"

namespace actbench::client {
namespace {

TrainingPlan ShortPlan() { return {.depth = 2, .width = 16, .seeds = 2, .epochs = 4, .rates = {0.03}}; }

const Digits& TheDigits() {
  static const Digits& digits = *new Digits(LoadDigits());
  return digits;
}

std::vector<std::vector<TrainedNetwork>> TrainAll(const TrainingPlan& plan,
                                                  const std::vector<std::string>& activations) {
  auto trained = Train(plan, activations, TheDigits(), ApplyLocally, [](double) {});
  EXPECT_TRUE(trained.ok()) << trained.status();
  return *std::move(trained);
}

void ExpectSame(const TrainedNetwork& one, const TrainedNetwork& other) {
  EXPECT_EQ(one.held_out, other.held_out);
  EXPECT_EQ(one.loss, other.loss);
  for (size_t i = 0; i < one.network.layers.size(); ++i) {
    EXPECT_EQ(one.network.layers[i].weights, other.network.layers[i].weights);
  }
}

TEST(TrainingTest, NetworksLearnTheDigits) {
  const auto trained = TrainAll(ShortPlan(), {"relu"});
  ASSERT_EQ(trained.size(), 1);
  ASSERT_EQ(trained[0].size(), 2);
  for (const TrainedNetwork& one : trained[0]) {
    EXPECT_EQ(one.held_out.size(), 5) << "before, and after each epoch";
    EXPECT_LT(one.held_out.front(), 0.4);
    EXPECT_GT(one.held_out.back(), 0.8);
    EXPECT_GT(one.train_accuracy, 0.8);
    EXPECT_LT(one.loss.back(), one.loss.front());
  }
  EXPECT_NE(trained[0][0].loss, trained[0][1].loss) << "other seeds";
}

TEST(TrainingTest, NothingDependsOnWhatIsTrainedBesideIt) {
  const auto both = TrainAll(ShortPlan(), {"tanh", "relu"});
  const auto alone = TrainAll(ShortPlan(), {"relu"});
  for (size_t i = 0; i < 2; ++i) ExpectSame(both[1][i], alone[0][i]);
}

TEST(TrainingTest, AnotherSeedIsAnotherNetwork) {
  TrainingPlan plan = ShortPlan();
  const auto one = TrainAll(plan, {"relu"});
  plan.seed = 2;
  const auto other = TrainAll(plan, {"relu"});
  EXPECT_NE(one[0][0].loss, other[0][0].loss);
}

TEST(TrainingTest, TheRateThatLearnsMostIsChosen) {
  TrainingPlan plan = ShortPlan();
  plan.rates = {1e-6, 0.03, 1e6};
  plan.trial_epochs = 1;
  EXPECT_EQ(TrainAll(plan, {"relu"})[0][0].rate, 0.03);
}

TEST(TrainingTest, ProgressGoesToTheEnd) {
  TrainingPlan plan = ShortPlan();
  plan.rates = {0.01, 0.03, 0.1};
  plan.trial_epochs = 1;
  std::atomic<int> calls = 0;
  std::atomic<bool> done = false;
  const auto on_trained = [&](double share) {
    ++calls;
    if (share == 1) done = true;
  };
  ASSERT_TRUE(Train(plan, {"relu"}, TheDigits(), ApplyLocally, on_trained).ok());
  EXPECT_EQ(calls, 1 + 1 + plan.epochs) << "each epoch: of all rates, of the best two, of those that count";
  EXPECT_TRUE(done);
}

TEST(TrainingTest, AnErrorEndsAll) {
  const auto trained = Train(ShortPlan(), {"relu", "mish"}, TheDigits(), ApplyLocally, [](double) {});
  EXPECT_EQ(trained.status().message(), "no mish");
}

}  // namespace
}  // namespace actbench::client
