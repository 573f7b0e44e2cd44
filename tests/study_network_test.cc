// SPDX-License-Identifier: Apache-2.0
// network.h and random.h.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "client/study/digits.h"
#include "client/study/network.h"
#include "tests/local_apply.h"

namespace actbench::client {
namespace {

TEST(RandomStreamTest, NumbersAreTheSameEverywhere) {
  RandomStream random(1, 0);
  EXPECT_EQ(random.Bits(), 6366115181607701404u);
  const double fraction = random.Fraction();
  EXPECT_GE(fraction, 0);
  EXPECT_LT(fraction, 1);
}

TEST(RandomStreamTest, StreamsDiffer) {
  std::set<uint64_t> first;
  for (uint64_t stream = 0; stream < 100; ++stream) first.insert(RandomStream(7, stream).Bits());
  EXPECT_EQ(first.size(), 100);
}

TEST(RandomStreamTest, FractionsFillTheirRangeAndShufflesKeepAll) {
  RandomStream random(3, 1);
  double mean = 0;
  constexpr int kCount = 10000;
  for (int i = 0; i < kCount; ++i) mean += random.Uniform(-1, 3) / kCount;
  EXPECT_NEAR(mean, 1, 0.05);
  std::vector<int> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<int> before = values;
  random.Shuffle(values);
  EXPECT_NE(values, before);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, before);
}

Eigen::MatrixXf SomeImages(int count) {
  RandomStream random(5, 5);
  Eigen::MatrixXf images(kPixels, count);
  for (Eigen::Index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(random.Uniform(-1.7, 1.7));
  return images;
}

const std::vector<uint8_t>& SomeLabels() {
  static const auto& labels = *new std::vector<uint8_t>{3, 1, 4, 1, 5};
  return labels;
}

double LossOf(const Network& network) {
  std::vector<Pass> passes = {{&network, SomeImages(5)}};
  EXPECT_TRUE(Forward(ApplyLocally, absl::MakeSpan(passes)).ok());
  EXPECT_TRUE(Backward(ApplyLocally, absl::MakeSpan(passes), {SomeLabels()}).ok());
  return passes[0].loss;
}

TEST(NetworkTest, InitialWeightsAreHesOrGlorots) {
  const Network relu("relu", 2, 32, RandomStream(1, 0));
  const Network tanh("tanh", 2, 32, RandomStream(1, 0));
  ASSERT_EQ(relu.depth(), 2);
  EXPECT_LE(relu.layers[0].weights.cwiseAbs().maxCoeff(), std::sqrt(6.0f / 64));
  EXPECT_GT(relu.layers[0].weights.cwiseAbs().maxCoeff(), 0.99f * std::sqrt(6.0f / 64));
  EXPECT_LE(tanh.layers[0].weights.cwiseAbs().maxCoeff(), std::sqrt(6.0f / (64 + 32)));
  // The same draws.
  EXPECT_TRUE(relu.layers[1].weights.isApprox(tanh.layers[1].weights * std::sqrt(2.0f), 1e-5f));
  EXPECT_EQ(relu.layers[2].weights, tanh.layers[2].weights);
}

TEST(NetworkTest, GradientsAreTheSlopesOfTheLoss) {
  Network network("tanh", 3, 7, RandomStream(2, 0));
  std::vector<Pass> passes = {{&network, SomeImages(5)}};
  ASSERT_TRUE(Forward(ApplyLocally, absl::MakeSpan(passes)).ok());
  ASSERT_TRUE(Backward(ApplyLocally, absl::MakeSpan(passes), {SomeLabels()}).ok());
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    for (const auto& [row, column] : {std::pair(0, 0), std::pair(3, 6)}) {
      constexpr float kStep = 0.01f;
      float& weight = network.layers[layer].weights(row, column);
      const float middle = weight;
      weight = middle + kStep;
      const double above = LossOf(network);
      weight = middle - kStep;
      const double below = LossOf(network);
      weight = middle;
      const double slope = (above - below) / (2 * static_cast<double>(kStep));
      EXPECT_NEAR(static_cast<double>(passes[0].gradients[layer].weights(row, column)), slope, 2e-4) << layer;
    }
    float& bias = network.layers[layer].bias(1);
    const float middle = bias;
    bias = middle + 0.01f;
    const double above = LossOf(network);
    bias = middle - 0.01f;
    const double below = LossOf(network);
    bias = middle;
    EXPECT_NEAR(static_cast<double>(passes[0].gradients[layer].bias(1)), (above - below) / 0.02, 2e-4) << layer;
  }
}

TEST(NetworkTest, NetworksInLockstepAreAsIfAlone) {
  const Network first("tanh", 2, 8, RandomStream(1, 0));
  const Network second("relu", 2, 8, RandomStream(1, 1));
  std::vector<Pass> both = {{&first, SomeImages(5)}, {&second, SomeImages(5)}};
  std::vector<Pass> alone = {{&second, SomeImages(5)}};
  ASSERT_TRUE(Forward(ApplyLocally, absl::MakeSpan(both)).ok());
  ASSERT_TRUE(Forward(ApplyLocally, absl::MakeSpan(alone)).ok());
  EXPECT_EQ(both[1].logits, alone[0].logits);
}

TEST(NetworkTest, ATransformSeesAndChangesTheInputAndWhatEachActivationGives) {
  const Network network("relu", 2, 8, RandomStream(1, 0));
  std::vector<size_t> layers;
  std::vector<Pass> passes = {{&network, SomeImages(5), [&](size_t layer, Eigen::MatrixXf& values) {
                                 layers.push_back(layer);
                                 if (layer == 2) values.setZero();
                               }}};
  ASSERT_TRUE(Forward(ApplyLocally, absl::MakeSpan(passes)).ok());
  EXPECT_EQ(layers, (std::vector<size_t>{0, 1, 2}));
  EXPECT_TRUE(passes[0].logits.isZero(0));
}

TEST(NetworkTest, AnErrorOfAFunctionEndsIt) {
  const Network network("gelu_erf", 2, 8, RandomStream(1, 0));
  std::vector<Pass> passes = {{&network, SomeImages(5)}};
  EXPECT_EQ(Forward(ApplyLocally, absl::MakeSpan(passes)).message(), "no gelu_erf");
}

TEST(NetworkTest, NaNIsNeverRight) {
  Eigen::MatrixXf logits = Eigen::MatrixXf::Zero(kClasses, 3);
  logits(4, 0) = 1;
  logits(5, 1) = 1;
  logits(6, 2) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_DOUBLE_EQ(Accuracy(logits, {4, 4, 6}), 1.0 / 3);
}

}  // namespace
}  // namespace actbench::client
