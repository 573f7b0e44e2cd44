// SPDX-License-Identifier: Apache-2.0
// Where statements get their numbers from: a server's kernels, and networks that are trained with them. Tested by
// study_lab_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_LAB_H_
#define ACTBENCH_CLIENT_STUDY_LAB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"
#include "actbench/v1/evaluation.pb.h"
#include "client/client.h"
#include "client/study/apply.h"
#include "client/study/digits.h"
#include "client/study/training.h"
#include "kernels/dtype.h"

namespace actbench::client {

struct LabOptions {
  uint64_t seed = 1;
  bool quick = false;  // a tenth of the work, for a first look
};

// How networks of that depth are trained.
TrainingPlan PlanFor(const LabOptions& options, size_t depth);

// The outputs of some consecutive inputs of a sweep. From two threads, each with its own number, 0 or 1.
using OnSwept = std::function<void(size_t thread, absl::Span<const float> x, absl::Span<const float> y)>;

class Lab {
 public:
  using Evaluate = std::function<absl::StatusOr<v1::EvaluateResponse>(const v1::EvaluateRequest&)>;
  // What is done at the moment, and its share that is done. One call at a time.
  using OnProgress = std::function<void(const std::string& what, double share)>;

  // `client` must outlive it.
  Lab(Client& client, const LabOptions& options, OnProgress on_progress);

  Client& client() { return client_; }
  const LabOptions& options() const { return options_; }
  bool quick() const { return options_.quick; }
  void Progress(const std::string& what, double share);

  // In place of the client's Evaluate calls.
  void set_evaluate(Evaluate evaluate) { evaluate_ = std::move(evaluate); }

  // At each x, rounded to the dtype; of gradients with 1 as upstream.
  absl::StatusOr<std::vector<double>> Values(const Function& function, Dtype dtype, absl::Span<const double> x);
  // In one call; the first error of an item ends all. Thread-safe.
  absl::Status ApplyAll(absl::Span<const Application> applications);

  // The function at the bits of f32, all 2^32 or, if it is quick, one of kStride; gives how many there were.
  absl::StatusOr<int64_t> Sweep(const Function& function, const OnSwept& on_swept);
  static constexpr uint32_t kStride = 251;  // odd, so that the low bits vary

  // How accurate the kernel is, in f32: at all inputs, with 1 as upstream, or, if it is quick, at samples.
  absl::StatusOr<v1::AccuracyReport> Check(const Function& function);

  const Digits& digits();
  // Trained once, whichever statements want them. By seed.
  using Networks = std::vector<TrainedNetwork>;
  absl::StatusOr<std::map<std::string, const Networks*>> Trained(size_t depth,
                                                                 const std::vector<std::string>& activations);
  TrainingPlan PlanOf(size_t depth) const { return PlanFor(options_, depth); }

 private:
  Client& client_;
  const LabOptions options_;
  const OnProgress on_progress_;
  Evaluate evaluate_;
  absl::Mutex mutex_;  // of progress
  Digits digits_;
  std::map<std::pair<size_t, std::string>, Networks> trained_;  // by depth and activation
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_LAB_H_
