// SPDX-License-Identifier: Apache-2.0
#include "client/compare_accuracy.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/kernel_selection.h"
#include "client/session.h"

namespace actbench::client {
namespace {

v1::CompareKernelsRequest MakeRequest(const KernelPair& pair, const std::map<std::string, double>& parameters,
                                      v1::InputPlan plan) {
  const v1::MeasureAccuracyRequest base = RequestFor(pair.base);
  v1::CompareKernelsRequest request;
  request.set_activation(base.activation());
  request.set_direction(base.direction());
  request.set_dtype(base.dtype());
  *request.mutable_first() = base.selector();
  *request.mutable_second() = RequestFor(pair.head).selector();
  request.mutable_parameters()->insert(parameters.begin(), parameters.end());
  *request.mutable_inputs() = std::move(plan);
  return request;
}

void SetAccuracy(const v1::Certificate& certificate, v1::BenchmarkAccuracy& accuracy) {
  const v1::AccuracyReport& report = certificate.report();
  accuracy.set_max_ulp(report.max_ulp());
  accuracy.set_mode(certificate.mode());
  accuracy.set_certificate_id(certificate.id());
  accuracy.set_checked(report.checked());
  accuracy.set_misrounded(report.misrounded());
  accuracy.set_output_hash(report.output_hash());
}

void SetAccuracy(const absl::StatusOr<v1::Comparison>& measured, ComparisonRow& row) {
  if (!measured.ok()) {
    row.accuracy_failure = std::string(measured.status().message());
    return;
  }
  SetAccuracy(measured->first(), *row.speed.mutable_base_accuracy());
  SetAccuracy(measured->second(), *row.speed.mutable_head_accuracy());
  row.differing = measured->differing();
}

absl::StatusOr<std::map<std::string, int>> InputCounts(Client& client) {
  const absl::StatusOr<v1::ListActivationsResponse> list = client.ListActivations();
  if (!list.ok()) return list.status();
  std::map<std::string, int> counts;
  for (const v1::Activation& activation : list->activations()) counts[activation.name()] = activation.input_count();
  return counts;
}

}  // namespace

v1::InputPlan AccuracyPlan(const v1::Kernel& kernel, int input_count, AccuracyInputsChoice choice) {
  v1::InputPlan plan;
  const bool few = input_count == 1 && kernel.dtype() != v1::DTYPE_F64;
  if (choice == AccuracyInputsChoice::kExhaustive && few) {
    plan.mutable_exhaustive()->set_unit_upstream(kernel.direction() == v1::DIRECTION_GRADIENT);
  } else {
    plan.mutable_sampled();
  }
  return plan;
}

absl::Status MeasureAccuracies(Client& client, absl::Span<const KernelPair* const> pairs,
                               const std::map<std::string, double>& parameters, AccuracyInputsChoice choice,
                               ProgressBar& bar, std::vector<ComparisonRow>& rows) {
  if (choice == AccuracyInputsChoice::kOff) return absl::OkStatus();
  absl::StatusOr<std::map<std::string, int>> counts = InputCounts(client);
  if (!counts.ok()) return counts.status();
  std::map<const KernelPair*, absl::StatusOr<v1::Comparison>> done;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].speed.outcome() != v1::OUTCOME_MEASURED) continue;
    const KernelPair& pair = *pairs[i];
    auto found = done.find(&pair);
    if (found == done.end()) {
      bar.Start(absl::StrCat("accuracy ", i + 1, "/", rows.size(), " ", KernelText(rows[i])));
      const v1::InputPlan plan = AccuracyPlan(pair.base, (*counts)[pair.base.activation()], choice);
      absl::StatusOr<v1::Comparison> measured = client.CompareKernels(
          MakeRequest(pair, parameters, plan), [&bar](const v1::AccuracyProgress& progress) { bar.Show(progress); });
      if (!measured.ok() && EndsAll(measured.status())) return measured.status();
      found = done.emplace(&pair, std::move(measured)).first;
    }
    SetAccuracy(found->second, rows[i]);
  }
  return absl::OkStatus();
}

}  // namespace actbench::client
