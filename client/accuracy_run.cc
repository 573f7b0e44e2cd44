// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_run.h"

#include <iostream>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/accuracy_table.h"
#include "client/interrupt.h"
#include "client/kernel_selection.h"
#include "client/progress_bar.h"

namespace actbench::client {
namespace {

absl::StatusOr<std::optional<v1::Certificate>> FindNewest(Client& client, const v1::ListCertificatesRequest& request) {
  const absl::StatusOr<v1::ListCertificatesResponse> page = client.ListCertificates(request);
  if (absl::IsFailedPrecondition(page.status())) return std::nullopt;  // the server cannot read its state
  if (!page.ok()) return page.status();
  if (page->certificates().empty()) return std::nullopt;
  absl::StatusOr<v1::Certificate> whole = client.GetCertificate(page->certificates(0).id());
  if (absl::IsNotFound(whole.status())) return std::nullopt;  // deleted meanwhile
  if (!whole.ok()) return whole.status();
  return *std::move(whole);
}

// The newest stored one that settles what the kernel's error is: of all inputs, else of those that are measured by
// default.
absl::StatusOr<std::optional<v1::Certificate>> FindStored(Client& client, const v1::Kernel& kernel,
                                                          const std::map<std::string, double>& parameters) {
  const v1::MeasureAccuracyRequest wanted = RequestFor(kernel);
  v1::ListCertificatesRequest request;
  request.set_activation(wanted.activation());
  request.set_direction(wanted.direction());
  request.set_dtype(wanted.dtype());
  *request.mutable_selector() = wanted.selector();
  request.set_current_only(true);
  request.mutable_parameters()->insert(parameters.begin(), parameters.end());
  request.set_page_size(1);
  absl::StatusOr<std::optional<v1::Certificate>> found = FindNewest(client, request);
  const bool has_pairs = kernel.direction() == v1::DIRECTION_GRADIENT && Has16Bits(kernel.dtype());
  if (!found.ok() || found->has_value() || !has_pairs) return found;
  request.set_unit_upstream(true);
  return FindNewest(client, request);
}

class Runner {
 public:
  Runner(const AccuracyRun& run, const std::vector<v1::Kernel>& kernels)
      : run_(run), kernels_(kernels), table_(kernels), interrupt_(cancellation_) {
    run_.client.set_cancellation(&cancellation_);
  }
  ~Runner() { run_.client.set_cancellation(nullptr); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  AccuracyOutcome Measure() {
    for (size_t i = 0; i < kernels_.size() && !outcome_.ended; ++i) {
      const v1::Kernel& kernel = kernels_[i];
      bar_.Start(kernels_.size() == 1 ? kernel.name() : absl::StrCat(i + 1, "/", kernels_.size(), " ", kernel.name()));
      MeasureOne(kernel);
    }
    return Finish();
  }

  AccuracyOutcome Compare() {
    const v1::MeasureAccuracyRequest first = RequestFor(kernels_[0]);
    v1::CompareKernelsRequest request;
    request.set_activation(first.activation());
    request.set_direction(first.direction());
    request.set_dtype(first.dtype());
    *request.mutable_first() = first.selector();
    *request.mutable_second() = RequestFor(kernels_[1]).selector();
    request.mutable_parameters()->insert(run_.parameters.begin(), run_.parameters.end());
    absl::StatusOr<v1::InputPlan> plan = Plan(kernels_[0]);
    if (!plan.ok()) {
      Tell(plan.status(), "");
      return Finish();
    }
    *request.mutable_inputs() = *std::move(plan);
    bar_.Start("comparing");
    absl::StatusOr<v1::Comparison> comparison = run_.client.CompareKernels(request, OnProgress());
    if (!comparison.ok()) {
      Tell(comparison.status(), "");
      return Finish();
    }
    Print(comparison->first(), /*stored=*/false);
    Print(comparison->second(), /*stored=*/false);
    outcome_.comparison = *std::move(comparison);
    return Finish();
  }

 private:
  void MeasureOne(const v1::Kernel& kernel) {
    const std::string prefix = kernels_.size() == 1 ? "" : kernel.name() + ": ";
    if (run_.use_stored) {
      const absl::StatusOr<std::optional<v1::Certificate>> stored = FindStored(run_.client, kernel, run_.parameters);
      if (!stored.ok()) return Tell(stored.status(), prefix);
      if (stored->has_value()) return Print(**stored, /*stored=*/true);
    }
    v1::MeasureAccuracyRequest request = RequestFor(kernel);
    request.mutable_parameters()->insert(run_.parameters.begin(), run_.parameters.end());
    absl::StatusOr<v1::InputPlan> plan = Plan(kernel);
    if (!plan.ok()) return Tell(plan.status(), prefix);
    *request.mutable_inputs() = *std::move(plan);
    const absl::StatusOr<v1::Certificate> certificate = run_.client.MeasureAccuracy(request, OnProgress());
    if (!certificate.ok()) return Tell(certificate.status(), prefix);
    Print(*certificate, /*stored=*/false);
  }

  absl::StatusOr<v1::InputPlan> Plan(const v1::Kernel& kernel) {
    if (input_counts_.empty()) {
      const absl::StatusOr<v1::ListActivationsResponse> list = run_.client.ListActivations();
      if (!list.ok()) return list.status();
      for (const v1::Activation& activation : list->activations()) {
        input_counts_[activation.name()] = activation.input_count();
      }
    }
    return run_.inputs.PlanFor(kernel.direction(), kernel.dtype(), input_counts_[kernel.activation()]);
  }

  OnAccuracyProgress OnProgress() {
    return [this](const v1::AccuracyProgress& progress) { bar_.Show(progress); };
  }

  void Print(const v1::Certificate& certificate, bool stored) {
    bar_.Clear();
    if (outcome_.certificates.empty()) run_.table << table_.Header();
    run_.table << table_.Line(certificate, stored) << std::flush;
    outcome_.certificates.push_back(certificate);
    // Nobody would have what else is measured; main tells why.
    if (run_.only_table && !run_.table) outcome_.failed = outcome_.ended = true;
  }

  // An error. Those of a cancellation are told at the end.
  void Tell(const absl::Status& status, const std::string& prefix) {
    bar_.Clear();
    outcome_.failed = true;
    outcome_.ended = EndsAll(status);
    if (absl::IsCancelled(status)) return;
    Fail(outcome_.ended ? status : absl::Status(status.code(), absl::StrCat(prefix, status.message())), run_.server);
  }

  AccuracyOutcome Finish() {
    bar_.Clear();
    if (cancellation_.cancelled() && outcome_.ended) {
      Fail(absl::CancelledError(absl::StrCat(
          "interrupted, the server's work is stopped; ", outcome_.certificates.size(), " of ", kernels_.size(),
          kernels_.size() == 1 ? " kernel was" : " kernels were", " measured, no file is written")));
      EndInterrupted();
    }
    return std::move(outcome_);
  }

  const AccuracyRun& run_;
  const std::vector<v1::Kernel>& kernels_;
  const AccuracyTable table_;
  ProgressBar bar_;
  Cancellation cancellation_;
  Interrupt interrupt_;
  AccuracyOutcome outcome_;
  std::map<std::string, int> input_counts_;  // by activation; asked for when something is measured
};

}  // namespace

AccuracyOutcome MeasureKernels(const AccuracyRun& run, const std::vector<v1::Kernel>& kernels) {
  return Runner(run, kernels).Measure();
}

AccuracyOutcome CompareKernels(const AccuracyRun& run, const v1::Kernel& first, const v1::Kernel& second) {
  const std::vector<v1::Kernel> kernels = {first, second};
  return Runner(run, kernels).Compare();
}

}  // namespace actbench::client
