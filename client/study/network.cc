// SPDX-License-Identifier: Apache-2.0
#include "client/study/network.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "client/study/digits.h"

namespace actbench::client {
namespace {

// Those of bounded range.
constexpr const char* kGlorot[] = {"sigmoid", "tanh", "hard_sigmoid", "hard_sigmoid_as_printed"};

Layer DrawLayer(int inputs, int outputs, double bound, RandomStream& random) {
  Layer layer = {Eigen::MatrixXf(outputs, inputs), Eigen::VectorXf::Zero(outputs)};
  for (Eigen::Index i = 0; i < layer.weights.size(); ++i) {
    layer.weights.data()[i] = static_cast<float>(random.Uniform(-bound, bound));
  }
  return layer;
}

// One activation of each pass, in one call.
absl::Status ApplyLayer(const Apply& apply, absl::Span<Pass> passes, size_t layer) {
  std::vector<Application> applications;
  applications.reserve(passes.size());
  for (Pass& pass : passes) {
    const Eigen::MatrixXf& before = pass.before[layer];
    pass.after[layer].resize(before.rows(), before.cols());
    applications.push_back({&pass.network->forward(), before.data(), nullptr, pass.after[layer].data(),
                            static_cast<size_t>(before.size())});
  }
  return apply(applications);
}

// The derivative by what entered each activation, from that by what left it, in place.
absl::Status ApplyGradient(const Apply& apply, absl::Span<Pass> passes, size_t layer,
                           std::vector<Eigen::MatrixXf>& deltas) {
  std::vector<Application> applications;
  std::vector<Eigen::MatrixXf> upstream;
  upstream.swap(deltas);
  deltas.resize(upstream.size());
  for (size_t i = 0; i < passes.size(); ++i) {
    const Eigen::MatrixXf& before = passes[i].before[layer];
    deltas[i].resize(before.rows(), before.cols());
    applications.push_back({&passes[i].network->gradient(), before.data(), upstream[i].data(), deltas[i].data(),
                            static_cast<size_t>(before.size())});
  }
  return apply(applications);
}

// The derivative of the mean cross-entropy of the softmax by the logits; sets the loss.
Eigen::MatrixXf LossGradient(Pass& pass, const std::vector<uint8_t>& labels) {
  Eigen::MatrixXf delta = pass.logits;
  const auto count = static_cast<double>(labels.size());
  pass.loss = 0;
  for (Eigen::Index image = 0; image < delta.cols(); ++image) {
    auto column = delta.col(image);
    const float greatest = column.maxCoeff();
    double sum = 0;
    for (Eigen::Index i = 0; i < column.size(); ++i) {
      column[i] = std::exp(column[i] - greatest);
      sum += static_cast<double>(column[i]);
    }
    const auto label = static_cast<Eigen::Index>(labels[static_cast<size_t>(image)]);
    pass.loss += (std::log(sum) - static_cast<double>(pass.logits(label, image) - greatest)) / count;
    column *= static_cast<float>(1 / (sum * count));
    column[label] -= static_cast<float>(1 / count);
  }
  return delta;
}

// Those of one layer, from the derivative by its outputs.
void SetGradients(const Eigen::MatrixXf& delta, const Eigen::MatrixXf& input, Layer& gradients) {
  gradients.weights.noalias() = delta * input.transpose();
  gradients.bias = delta.rowwise().sum();
}

}  // namespace

Network::Network(const std::string& activation, size_t depth, int width, RandomStream random)
    : forward_{activation}, gradient_(GradientOf(activation)) {
  const bool glorot = std::find(std::begin(kGlorot), std::end(kGlorot), activation) != std::end(kGlorot);
  int inputs = kPixels;
  for (size_t i = 0; i < depth; ++i) {
    layers.push_back(DrawLayer(inputs, width, std::sqrt(6.0 / (glorot ? inputs + width : inputs)), random));
    inputs = width;
  }
  layers.push_back(DrawLayer(inputs, kClasses, std::sqrt(6.0 / (inputs + kClasses)), random));
}

absl::Status Forward(const Apply& apply, absl::Span<Pass> passes) {
  const size_t depth = passes.empty() ? 0 : passes[0].network->depth();
  for (Pass& pass : passes) {
    pass.before.resize(depth);
    pass.after.resize(depth);
    if (pass.transform != nullptr) pass.transform(0, pass.input);
  }
  for (size_t layer = 0; layer < depth; ++layer) {
    for (Pass& pass : passes) {
      const Layer& linear = pass.network->layers[layer];
      pass.before[layer].noalias() = linear.weights * (layer == 0 ? pass.input : pass.after[layer - 1]);
      pass.before[layer].colwise() += linear.bias;
    }
    if (absl::Status applied = ApplyLayer(apply, passes, layer); !applied.ok()) return applied;
    for (Pass& pass : passes) {
      if (pass.transform != nullptr) pass.transform(layer + 1, pass.after[layer]);
    }
  }
  for (Pass& pass : passes) {
    const Layer& linear = pass.network->layers[depth];
    pass.logits.noalias() = linear.weights * (depth == 0 ? pass.input : pass.after[depth - 1]);
    pass.logits.colwise() += linear.bias;
  }
  return absl::OkStatus();
}

absl::Status Backward(const Apply& apply, absl::Span<Pass> passes, absl::Span<const std::vector<uint8_t>> labels) {
  const size_t depth = passes.empty() ? 0 : passes[0].network->depth();
  std::vector<Eigen::MatrixXf> deltas;
  for (size_t i = 0; i < passes.size(); ++i) {
    passes[i].gradients.resize(depth + 1);
    deltas.push_back(LossGradient(passes[i], labels[i]));
  }
  for (size_t layer = depth + 1; layer-- > 0;) {
    for (size_t i = 0; i < passes.size(); ++i) {
      Pass& pass = passes[i];
      SetGradients(deltas[i], layer == 0 ? pass.input : pass.after[layer - 1], pass.gradients[layer]);
      if (layer > 0) deltas[i] = pass.network->layers[layer].weights.transpose() * deltas[i];
    }
    if (layer == 0) break;
    if (absl::Status applied = ApplyGradient(apply, passes, layer - 1, deltas); !applied.ok()) return applied;
  }
  return absl::OkStatus();
}

double Accuracy(const Eigen::MatrixXf& logits, const std::vector<uint8_t>& labels) {
  size_t right = 0;
  for (size_t image = 0; image < labels.size(); ++image) {
    const auto column = logits.col(static_cast<Eigen::Index>(image));
    const float label = column[static_cast<Eigen::Index>(labels[image])];
    Eigen::Index others = 0;
    for (Eigen::Index i = 0; i < column.size(); ++i) others += column[i] < label ? 1 : 0;
    right += others == column.size() - 1 ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace actbench::client
