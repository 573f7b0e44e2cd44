// SPDX-License-Identifier: Apache-2.0
#include "client/study/lab.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

// Elements in one piece of a sweep.
constexpr uint32_t kPiece = 1u << 20;
constexpr size_t kSweepThreads = 2;

v1::Tensor FloatTensor(const float* values, size_t size) {
  v1::Tensor tensor;
  tensor.set_dtype(v1::DTYPE_F32);
  tensor.add_shape(static_cast<int64_t>(size));
  tensor.set_data(values, size * sizeof(float));
  return tensor;
}

v1::EvaluateItem ItemOf(const Function& function) {
  v1::EvaluateItem item;
  item.set_activation(function.activation);
  item.set_direction(function.direction);
  item.mutable_parameters()->insert(function.parameters.begin(), function.parameters.end());
  return item;
}

// The outputs of a response, one for each item of the request, or the first error.
absl::StatusOr<std::vector<const v1::Tensor*>> OutputsOf(const v1::EvaluateRequest& request,
                                                         const v1::EvaluateResponse& response) {
  if (response.results_size() != request.items_size()) {
    return absl::InternalError("the server answered with another number of results");
  }
  std::vector<const v1::Tensor*> outputs;
  for (int i = 0; i < response.results_size(); ++i) {
    const v1::EvaluateResult& result = response.results(i);
    const v1::EvaluateItem& item = request.items(i);
    if (result.status().code() != 0) {
      return absl::Status(
          static_cast<absl::StatusCode>(result.status().code()),
          absl::StrCat(item.activation(), ", ", DirectionName(item.direction()), ": ", result.status().message()));
    }
    const bool good = result.outputs_size() == 1 && result.outputs(0).dtype() == item.inputs(0).dtype() &&
                      result.outputs(0).data().size() == item.inputs(0).data().size();
    if (!good) return absl::InternalError("the server's output is not like its input");
    outputs.push_back(&result.outputs(0));
  }
  return outputs;
}

// The pieces of a sweep, each in a call. Two threads, so that there is one in work while the other is looked at.
class Sweeper {
 public:
  Sweeper(const Lab::Evaluate& evaluate, const Function& function, uint32_t stride, const OnSwept& on_swept)
      : evaluate_(evaluate),
        function_(function),
        stride_(stride),
        count_((uint64_t{1} << 32) / stride),
        on_swept_(on_swept) {}

  uint64_t count() const { return count_; }
  double share() const { return std::min(1.0, static_cast<double>(next_) / static_cast<double>(count_)); }

  absl::Status Work(size_t thread) {
    std::vector<float> x;
    std::vector<float> y;
    v1::EvaluateRequest request;
    *request.add_items() = ItemOf(function_);
    for (uint64_t first = next_.fetch_add(kPiece); first < count_; first = next_.fetch_add(kPiece)) {
      x.resize(std::min<uint64_t>(kPiece, count_ - first));
      FillBits(first, x);
      if (absl::Status status = Call(x, request, y); !status.ok()) {
        next_ = count_;  // the other thread ends too
        return status;
      }
      on_swept_(thread, x, y);
    }
    return absl::OkStatus();
  }

 private:
  void FillBits(uint64_t first, std::vector<float>& x) const {
    for (size_t i = 0; i < x.size(); ++i) {
      const auto bits = static_cast<uint32_t>((first + i) * stride_);
      std::memcpy(&x[i], &bits, sizeof(bits));
    }
  }

  absl::Status Call(const std::vector<float>& x, v1::EvaluateRequest& request, std::vector<float>& y) const {
    v1::EvaluateItem& item = *request.mutable_items(0);
    const auto size = static_cast<size_t>(item.inputs_size() == 0 ? 0 : item.inputs(0).shape(0));
    if (size != x.size()) {
      item.clear_inputs();
      *item.add_inputs() = FloatTensor(x.data(), x.size());
      const std::vector<float> ones(x.size(), 1);
      if (function_.direction == v1::DIRECTION_GRADIENT) *item.add_inputs() = FloatTensor(ones.data(), ones.size());
    } else {
      std::memcpy(item.mutable_inputs(0)->mutable_data()->data(), x.data(), x.size() * sizeof(float));
    }
    const absl::StatusOr<v1::EvaluateResponse> response = evaluate_(request);
    if (!response.ok()) return response.status();
    const absl::StatusOr<std::vector<const v1::Tensor*>> outputs = OutputsOf(request, *response);
    if (!outputs.ok()) return outputs.status();
    y.resize(x.size());
    std::memcpy(y.data(), outputs->front()->data().data(), y.size() * sizeof(float));
    return absl::OkStatus();
  }

  const Lab::Evaluate& evaluate_;
  const Function& function_;
  const uint32_t stride_;
  const uint64_t count_;
  const OnSwept& on_swept_;
  std::atomic<uint64_t> next_ = 0;
};

}  // namespace

Lab::Lab(Client& client, const LabOptions& options, OnProgress on_progress)
    : client_(client),
      options_(options),
      on_progress_(std::move(on_progress)),
      evaluate_([this](const v1::EvaluateRequest& request) { return client_.EvaluateBatch(request); }) {}

void Lab::Progress(const std::string& what, double share) {
  const absl::MutexLock lock(&mutex_);
  if (on_progress_ != nullptr) on_progress_(what, share);
}

absl::StatusOr<std::vector<double>> Lab::Values(const Function& function, Dtype dtype, absl::Span<const double> x) {
  v1::EvaluateRequest request;
  v1::EvaluateItem& item = *request.add_items() = ItemOf(function);
  *item.add_inputs() = MakeTensor(dtype, x);
  if (function.direction == v1::DIRECTION_GRADIENT) {
    *item.add_inputs() = MakeTensor(dtype, std::vector<double>(x.size(), 1));
  }
  const absl::StatusOr<v1::EvaluateResponse> response = evaluate_(request);
  if (!response.ok()) return response.status();
  const absl::StatusOr<std::vector<const v1::Tensor*>> outputs = OutputsOf(request, *response);
  if (!outputs.ok()) return outputs.status();
  const absl::StatusOr<TensorView> view = TensorView::Of(*outputs->front());
  if (!view.ok()) return view.status();
  std::vector<double> values(x.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = (*view)[static_cast<int64_t>(i)];
  return values;
}

absl::Status Lab::ApplyAll(absl::Span<const Application> applications) {
  v1::EvaluateRequest request;
  for (const Application& application : applications) {
    v1::EvaluateItem& item = *request.add_items() = ItemOf(*application.function);
    *item.add_inputs() = FloatTensor(application.x, application.size);
    if (application.upstream != nullptr) *item.add_inputs() = FloatTensor(application.upstream, application.size);
  }
  const absl::StatusOr<v1::EvaluateResponse> response = evaluate_(request);
  if (!response.ok()) return response.status();
  const absl::StatusOr<std::vector<const v1::Tensor*>> outputs = OutputsOf(request, *response);
  if (!outputs.ok()) return outputs.status();
  for (size_t i = 0; i < applications.size(); ++i) {
    const std::string& data = (*outputs)[i]->data();
    std::memcpy(applications[i].result, data.data(), data.size());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Lab::Sweep(const Function& function, const OnSwept& on_swept) {
  const std::string what = absl::StrCat(function.activation, ", ", DirectionName(function.direction), ", ",
                                        quick() ? "one in 251 of the f32" : "every f32");
  Sweeper* running = nullptr;
  const OnSwept on_piece = [&](size_t thread, absl::Span<const float> x, absl::Span<const float> y) {
    on_swept(thread, x, y);
    Progress(what, running->share());
  };
  Sweeper sweeper(evaluate_, function, quick() ? kStride : 1, on_piece);
  running = &sweeper;
  std::array<absl::Status, kSweepThreads> statuses;
  std::vector<std::thread> threads;
  for (size_t i = 1; i < kSweepThreads; ++i) {
    threads.emplace_back([&, i] { statuses[i] = sweeper.Work(i); });
  }
  statuses[0] = sweeper.Work(0);
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return static_cast<int64_t>(sweeper.count());
}

absl::StatusOr<v1::AccuracyReport> Lab::Check(const Function& function) {
  constexpr int64_t kSamples = 1'000'000;
  const std::string what = absl::StrCat("the error of ", function.activation, ", ", DirectionName(function.direction));
  v1::MeasureAccuracyRequest request;
  request.set_activation(function.activation);
  request.set_direction(function.direction);
  request.set_dtype(v1::DTYPE_F32);
  if (quick()) {
    request.mutable_inputs()->mutable_sampled()->set_count(kSamples);
    request.mutable_inputs()->mutable_sampled()->set_unit_upstream(function.direction == v1::DIRECTION_GRADIENT);
  } else {
    request.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(function.direction == v1::DIRECTION_GRADIENT);
  }
  const auto on_progress = [&](const v1::AccuracyProgress& progress) {
    Progress(what, static_cast<double>(progress.inputs_done()) /
                       static_cast<double>(std::max<int64_t>(1, progress.inputs_total())));
  };
  const absl::StatusOr<v1::Certificate> certificate = client_.MeasureAccuracy(request, on_progress);
  if (!certificate.ok()) return certificate.status();
  return certificate->report();
}

const Digits& Lab::digits() {
  if (digits_.train.labels.empty()) digits_ = LoadDigits();
  return digits_;
}

TrainingPlan PlanFor(const LabOptions& options, size_t depth) {
  TrainingPlan plan = {.depth = depth, .seed = options.seed};
  if (options.quick) {
    plan.seeds = 2;
    plan.epochs = 10;
    plan.rates = {0.01, 0.1};
    plan.trial_epochs = 3;
  }
  return plan;
}

absl::StatusOr<std::map<std::string, const Lab::Networks*>> Lab::Trained(size_t depth,
                                                                         const std::vector<std::string>& activations) {
  std::vector<std::string> missing;
  for (const std::string& activation : activations) {
    if (trained_.count({depth, activation}) == 0) missing.push_back(activation);
  }
  const std::string what = absl::StrCat("training ", missing.size(), " activations at depth ", depth);
  absl::StatusOr<std::vector<Networks>> networks = Train(
      PlanOf(depth), missing, digits(), [this](absl::Span<const Application> all) { return ApplyAll(all); },
      [&](double share) { Progress(what, share); });
  if (!networks.ok()) return networks.status();
  for (size_t i = 0; i < missing.size(); ++i) trained_[{depth, missing[i]}] = std::move((*networks)[i]);
  std::map<std::string, const Networks*> found;
  for (const std::string& activation : activations) found[activation] = &trained_[{depth, activation}];
  return found;
}

}  // namespace actbench::client
