// SPDX-License-Identifier: Apache-2.0
#include "client/study/training.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <thread>
#include <utility>

namespace actbench::client {
namespace {

constexpr float kMomentum = 0.9f;
// Rates that are tried a second time.
constexpr size_t kFinalists = 2;
// Streams of random numbers: networks of trials are none of those that count.
constexpr uint64_t kTrialStream = 1000;
// Of the order of the images, apart from that of the weights.
constexpr uint64_t kOrderStream = 1u << 20;

// One network while it is trained.
struct Trainee {
  TrainedNetwork trained;
  std::vector<Layer> momentum;
  RandomStream order;  // of the images
  std::vector<size_t> places = {};
};

Trainee Begin(const TrainingPlan& plan, const std::string& activation, uint64_t stream, double rate, size_t images) {
  Network network(activation, plan.depth, plan.width, RandomStream(plan.seed, stream));
  std::vector<Layer> momentum = network.layers;
  for (Layer& layer : momentum) {
    layer.weights.setZero();
    layer.bias.setZero();
  }
  Trainee trainee = {
      {std::move(network), rate, {}, {}, 0}, std::move(momentum), RandomStream(plan.seed, stream + kOrderStream)};
  trainee.places.resize(images);
  std::iota(trainee.places.begin(), trainee.places.end(), size_t{0});
  return trainee;
}

void Update(const Pass& pass, Trainee& trainee) {
  const auto rate = static_cast<float>(trainee.trained.rate);
  for (size_t i = 0; i < pass.gradients.size(); ++i) {
    Layer& momentum = trainee.momentum[i];
    momentum.weights = kMomentum * momentum.weights - rate * pass.gradients[i].weights;
    momentum.bias = kMomentum * momentum.bias - rate * pass.gradients[i].bias;
    trainee.trained.network.layers[i].weights += momentum.weights;
    trainee.trained.network.layers[i].bias += momentum.bias;
  }
}

// Trains some networks in lockstep. Each is its own: what it becomes does not depend on the others.
class Group {
 public:
  struct Setup {
    const TrainingPlan& plan;
    const Digits& digits;
    const Apply& apply;
  };

  Group(const Setup& setup, std::vector<Trainee> trainees)
      : plan_(setup.plan), digits_(setup.digits), apply_(setup.apply), trainees_(std::move(trainees)) {
    for (const Trainee& trainee : trainees_) {
      passes_.push_back({&trainee.trained.network, Eigen::MatrixXf(kPixels, plan_.batch)});
      labels_.emplace_back(static_cast<size_t>(plan_.batch));
    }
  }

  template <class OnEpoch>
  absl::Status Run(int epochs, bool evaluate, const OnEpoch& on_epoch) {
    absl::Status status = evaluate ? Evaluate() : absl::OkStatus();
    for (int epoch = 0; epoch < epochs && status.ok(); ++epoch) {
      status = RunEpoch();
      if (status.ok() && evaluate) status = Evaluate();
      if (status.ok()) status = on_epoch();
    }
    return status.ok() && evaluate ? EvaluateTrain() : status;
  }

  std::vector<Trainee>& trainees() { return trainees_; }

 private:
  absl::Status RunEpoch() {
    const size_t steps = digits_.train.labels.size() / static_cast<size_t>(plan_.batch);
    for (Trainee& trainee : trainees_) {
      trainee.order.Shuffle(trainee.places);
      trainee.trained.loss.push_back(0);
    }
    for (size_t step = 0; step < steps; ++step) {
      for (size_t i = 0; i < trainees_.size(); ++i) Gather(trainees_[i], step, passes_[i], labels_[i]);
      absl::Status status = Forward(apply_, absl::MakeSpan(passes_));
      if (status.ok()) status = Backward(apply_, absl::MakeSpan(passes_), labels_);
      if (!status.ok()) return status;
      for (size_t i = 0; i < trainees_.size(); ++i) {
        Update(passes_[i], trainees_[i]);
        trainees_[i].trained.loss.back() += passes_[i].loss / static_cast<double>(steps);
      }
    }
    return absl::OkStatus();
  }

  // The images of a step.
  void Gather(const Trainee& trainee, size_t step, Pass& pass, std::vector<uint8_t>& labels) const {
    for (size_t i = 0; i < labels.size(); ++i) {
      const size_t place = trainee.places[step * labels.size() + i];
      pass.input.col(static_cast<Eigen::Index>(i)) = digits_.train.pixels.col(static_cast<Eigen::Index>(place));
      labels[i] = digits_.train.labels[place];
    }
  }

  absl::StatusOr<std::vector<double>> AccuraciesOf(const Images& images) {
    std::vector<Pass> passes;
    for (const Trainee& trainee : trainees_) passes.push_back({&trainee.trained.network, images.pixels});
    if (absl::Status status = Forward(apply_, absl::MakeSpan(passes)); !status.ok()) return status;
    std::vector<double> accuracies;
    accuracies.reserve(passes.size());
    for (const Pass& pass : passes) accuracies.push_back(Accuracy(pass.logits, images.labels));
    return accuracies;
  }

  absl::Status Evaluate() {
    const absl::StatusOr<std::vector<double>> accuracies = AccuraciesOf(digits_.held_out);
    if (!accuracies.ok()) return accuracies.status();
    for (size_t i = 0; i < trainees_.size(); ++i) trainees_[i].trained.held_out.push_back((*accuracies)[i]);
    return absl::OkStatus();
  }

  absl::Status EvaluateTrain() {
    const absl::StatusOr<std::vector<double>> accuracies = AccuraciesOf(digits_.train);
    if (!accuracies.ok()) return accuracies.status();
    for (size_t i = 0; i < trainees_.size(); ++i) trainees_[i].trained.train_accuracy = (*accuracies)[i];
    return absl::OkStatus();
  }

  const TrainingPlan& plan_;
  const Digits& digits_;
  const Apply& apply_;
  std::vector<Trainee> trainees_;
  std::vector<Pass> passes_;
  std::vector<std::vector<uint8_t>> labels_;
};

using ByActivation = std::vector<std::vector<TrainedNetwork>>;

// Those that `begin` makes of each activation and each number below `count`, trained.
template <class BeginOne, class OnEpoch>
absl::StatusOr<ByActivation> RunGroup(const Group::Setup& setup, absl::Span<const std::string> activations,
                                      size_t count, int epochs, bool evaluate, const BeginOne& begin,
                                      const OnEpoch& on_epoch) {
  std::vector<Trainee> trainees;
  for (const std::string& activation : activations) {
    for (size_t i = 0; i < count; ++i) trainees.push_back(begin(activation, i));
  }
  Group group(setup, std::move(trainees));
  if (absl::Status ran = group.Run(epochs, evaluate, on_epoch); !ran.ok()) return ran;
  ByActivation trained(activations.size());
  for (size_t i = 0; i < group.trainees().size(); ++i) {
    trained[i / count].push_back(std::move(group.trainees()[i].trained));
  }
  return trained;
}

// A rate, and the sum of the last losses of the networks that were trained with it.
struct Trial {
  double rate;
  double loss;
};

// For each activation its rates, those with the least sum of losses first, where that is NaN last.
using Trials = std::map<std::string, std::vector<Trial>>;

size_t TrialRounds(const TrainingPlan& plan) { return plan.rates.size() > 1 ? 2 : 0; }

// Trains one more network with each of the first `count` rates, forgets the others, and sorts those.
template <class OnEpoch>
absl::Status Try(const Group::Setup& setup, absl::Span<const std::string> activations, size_t round, size_t count,
                 Trials& trials, const OnEpoch& on_epoch) {
  const auto begin = [&](const std::string& activation, size_t i) {
    return Begin(setup.plan, activation, kTrialStream + round, trials[activation][i].rate,
                 setup.digits.train.labels.size());
  };
  const absl::StatusOr<ByActivation> trained =
      RunGroup(setup, activations, count, setup.plan.trial_epochs, /*evaluate=*/false, begin, on_epoch);
  if (!trained.ok()) return trained.status();
  for (size_t i = 0; i < activations.size(); ++i) {
    std::vector<Trial>& tried = trials[activations[i]];
    tried.resize(count);
    for (size_t j = 0; j < count; ++j) tried[j].loss += (*trained)[i][j].loss.back();
    std::stable_sort(tried.begin(), tried.end(), [](const Trial& a, const Trial& b) {
      return a.loss < b.loss || (std::isnan(b.loss) && !std::isnan(a.loss));
    });
  }
  return absl::OkStatus();
}

// First the networks of the trials, then those that count.
template <class OnEpoch>
absl::StatusOr<ByActivation> TrainPart(const Group::Setup& setup, absl::Span<const std::string> activations,
                                       const OnEpoch& on_epoch) {
  const TrainingPlan& plan = setup.plan;
  Trials trials;
  for (const std::string& activation : activations) {
    for (const double rate : plan.rates) trials[activation].push_back({rate, 0});
  }
  for (size_t round = 0; round < TrialRounds(plan); ++round) {
    const size_t count = round == 0 ? plan.rates.size() : std::min(kFinalists, plan.rates.size());
    if (absl::Status tried = Try(setup, activations, round, count, trials, on_epoch); !tried.ok()) return tried;
  }
  const auto begin = [&](const std::string& activation, size_t i) {
    return Begin(plan, activation, i, trials[activation].front().rate, setup.digits.train.labels.size());
  };
  return RunGroup(setup, activations, static_cast<size_t>(plan.seeds), plan.epochs, /*evaluate=*/true, begin, on_epoch);
}

}  // namespace

absl::StatusOr<std::vector<std::vector<TrainedNetwork>>> Train(const TrainingPlan& plan,
                                                               absl::Span<const std::string> activations,
                                                               const Digits& digits, const Apply& apply,
                                                               const OnTrained& on_trained) {
  // A part of the activations to each thread: while the kernels work for the one, the other multiplies matrices.
  const size_t count = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), activations.size());
  std::vector<absl::StatusOr<ByActivation>> parts(count, absl::UnknownError("not trained"));
  std::atomic<int> epochs_done = 0;
  const int trial_epochs = static_cast<int>(TrialRounds(plan)) * plan.trial_epochs;
  const double epochs = static_cast<double>(count) * (plan.epochs + trial_epochs);
  std::atomic<bool> failed = false;  // the other parts end too, after their epoch
  absl::Status error;                // of the part that failed first
  const auto on_epoch = [&] {
    on_trained(++epochs_done / epochs);
    return failed ? absl::CancelledError("another part failed") : absl::OkStatus();
  };
  const auto work = [&](size_t part) {
    const size_t begin = part * activations.size() / count;
    const size_t end = (part + 1) * activations.size() / count;
    parts[part] = TrainPart({plan, digits, apply}, activations.subspan(begin, end - begin), on_epoch);
    if (!parts[part].ok() && !failed.exchange(true)) error = parts[part].status();
  };
  std::vector<std::thread> threads;
  for (size_t part = 1; part < count; ++part) threads.emplace_back(work, part);
  if (count > 0) work(0);
  for (std::thread& thread : threads) thread.join();
  if (failed) return error;
  ByActivation trained;
  for (absl::StatusOr<ByActivation>& part : parts) {
    std::move(part->begin(), part->end(), std::back_inserter(trained));
  }
  return trained;
}

}  // namespace actbench::client
