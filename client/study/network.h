// SPDX-License-Identifier: Apache-2.0
// Multilayer perceptrons, several of one depth in lockstep: their matrix products are made here, by Eigen, their
// activations and gradients by whoever applies functions, a call for each layer and not for each network. Tested by
// study_network_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_NETWORK_H_
#define ACTBENCH_CLIENT_STUDY_NETWORK_H_

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "client/study/apply.h"
#include "client/study/random.h"

namespace actbench::client {

struct Layer {
  Eigen::MatrixXf weights;  // outputs x inputs
  Eigen::VectorXf bias;
};

// `depth` hidden layers of the same width, each with the activation, and a linear layer of kClasses outputs.
class Network {
 public:
  // Weights are uniform: for activations of bounded range by Glorot and Bengio 2010, within sqrt(6 / (inputs +
  // outputs)), for others by He et al. 2015, within sqrt(6 / inputs). Biases are 0. The same numbers are drawn whatever
  // the activation is.
  Network(const std::string& activation, size_t depth, int width, RandomStream random);

  const Function& forward() const { return forward_; }
  const Function& gradient() const { return gradient_; }
  size_t depth() const { return layers.size() - 1; }

  std::vector<Layer> layers;

 private:
  Function forward_;
  Function gradient_;
};

// What one network makes of a batch of images, of which each is a column.
struct Pass {
  const Network* network;
  Eigen::MatrixXf input;
  // Called for the input, as layer 0, and for what each hidden layer gives, from 1 on: may change it, as rounding does.
  std::function<void(size_t layer, Eigen::MatrixXf& values)> transform = nullptr;

  // By hidden layer: what enters the activation and what leaves it.
  std::vector<Eigen::MatrixXf> before = {};
  std::vector<Eigen::MatrixXf> after = {};
  Eigen::MatrixXf logits = {};
  // The loss's derivatives by weights and biases.
  std::vector<Layer> gradients = {};
  // The mean cross-entropy over the batch.
  double loss = 0;
};

// REQUIRES, here and below: networks of one depth. Fills all but the last two.
absl::Status Forward(const Apply& apply, absl::Span<Pass> passes);

// Fills the rest of passes that went forward. `labels` has those of each pass.
absl::Status Backward(const Apply& apply, absl::Span<Pass> passes, absl::Span<const std::vector<uint8_t>> labels);

// The share of images whose greatest logit is their label's; one that is NaN is wrong.
double Accuracy(const Eigen::MatrixXf& logits, const std::vector<uint8_t>& labels);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_NETWORK_H_
