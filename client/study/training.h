// SPDX-License-Identifier: Apache-2.0
// Trains networks on the digits. Tested by study_training_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_TRAINING_H_
#define ACTBENCH_CLIENT_STUDY_TRAINING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/study/digits.h"
#include "client/study/network.h"

namespace actbench::client {

// Stochastic gradient descent with a momentum of 0.9. Networks of one seed and depth begin with the same draws and see
// the images in the same order, whatever their activation is and whatever is trained beside them.
struct TrainingPlan {
  size_t depth;
  int width = 32;
  int seeds = 5;    // networks of each activation
  int epochs = 40;  // of all images, but for the few that fill no batch
  int batch = 64;   // images
  uint64_t seed = 1;
  // No activation is to suffer from a step that suits another: for each activation and depth a network of a seed that
  // no other has is trained with each of these for some epochs, and a second one with the two of the least loss. The
  // sum of both losses decides.
  std::vector<double> rates = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1};
  // Sigmoid stands still at first, with any rate. After 12 hard_swish of depth 16 takes one with which most seeds fail.
  int trial_epochs = 20;
};

struct TrainedNetwork {
  Network network;
  double rate;                   // that was chosen
  std::vector<double> held_out;  // accuracy before the first epoch and after each
  std::vector<double> loss;      // mean of each epoch
  double train_accuracy;         // in the end
};

// Called from time to time with the share that is done, from one thread or another.
using OnTrained = std::function<void(double share)>;

// By activation, then by seed.
absl::StatusOr<std::vector<std::vector<TrainedNetwork>>> Train(const TrainingPlan& plan,
                                                               absl::Span<const std::string> activations,
                                                               const Digits& digits, const Apply& apply,
                                                               const OnTrained& on_trained);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_TRAINING_H_
