// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_plan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/tensor.h"
#include "server/convert.h"
#include "server/request_checks.h"

namespace actbench {
namespace {

// What a number of sampled inputs that is not given means. A definition takes longest in f64.
constexpr int64_t kDefaultSamples = 1'000'000;
constexpr int64_t kDefaultF64Samples = 100'000;

// Inputs and how a certificate calls them.
struct PlannedInputs {
  InputPlan plan;
  uint64_t count;
  std::string_view mode;
};

// A selector with the name of its field.
struct NamedSelector {
  const char* field;
  const v1::KernelSelector& selector;
};

// Of one of the two plans that have the field.
absl::Status CheckUnitUpstream(const char* plan, bool unit_upstream, const CheckedCase& of) {
  if (!unit_upstream || of.direction == Direction::kGradient) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("inputs.", plan, ".unit_upstream is set, but direction is forward, which has no dy; leave it out"));
}

absl::StatusOr<PlannedInputs> PlanExhaustive(const v1::ExhaustiveInputs& request, const CheckedCase& of) {
  absl::Status status = CheckUnitUpstream("exhaustive", request.unit_upstream(), of);
  if (!status.ok()) return status;
  const bool gradient = of.direction == Direction::kGradient;
  const bool unit_upstream = gradient && (request.unit_upstream() || of.dtype == Dtype::kF32);
  const size_t bits = ExhaustiveBits(*of.activation, of.direction, of.dtype, unit_upstream);
  if (bits > kMaxExhaustiveBits) {
    const bool unit_would_do = gradient && !unit_upstream &&
                               ExhaustiveBits(*of.activation, of.direction, of.dtype, true) <= kMaxExhaustiveBits;
    return absl::InvalidArgumentError(absl::StrCat(
        "inputs.exhaustive: the ", std::string(Name(of.direction)), " direction of ", std::string(of.activation->name),
        " in ", std::string(Name(of.dtype)), " has 2^", bits, " inputs; at most 2^", kMaxExhaustiveBits,
        " can all be measured; use inputs.sampled", unit_would_do ? ", or set inputs.exhaustive.unit_upstream" : ""));
  }
  return PlannedInputs{ExhaustiveInputs{.unit_upstream = unit_upstream}, uint64_t{1} << bits,
                       unit_upstream ? "exhaustive_unit_upstream" : "exhaustive"};
}

absl::StatusOr<PlannedInputs> PlanSampled(const v1::SampledInputs& request, const CheckedCase& of,
                                          const Limits& limits) {
  if (request.count() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("inputs.sampled.count is ", request.count(), "; it must be at least 0"));
  }
  if (request.count() > limits.accuracy_samples) {
    return absl::ResourceExhaustedError(absl::StrCat("inputs.sampled.count is ", request.count(), "; at most ",
                                                     limits.accuracy_samples, " are allowed (--max_accuracy_samples)"));
  }
  if (absl::Status status = CheckUnitUpstream("sampled", request.unit_upstream(), of); !status.ok()) return status;
  const absl::StatusOr<std::optional<Distribution>> distribution =
      CheckDistribution("inputs.sampled.distribution", request.distribution());
  if (!distribution.ok()) return distribution.status();
  const int64_t usual = of.dtype == Dtype::kF64 ? kDefaultF64Samples : kDefaultSamples;
  const int64_t count = request.count() > 0 ? request.count() : std::min(usual, limits.accuracy_samples);
  const SampledInputs sampled = {.count = static_cast<uint64_t>(count),
                                 .distribution = distribution->value_or(Distribution::kBits),
                                 .seed = request.seed(),
                                 .unit_upstream = request.unit_upstream()};
  return PlannedInputs{sampled, sampled.count, sampled.unit_upstream ? "sampled_unit_upstream" : "sampled"};
}

absl::StatusOr<PlannedInputs> PlanGiven(const v1::GivenInputs& request, const CheckedCase& of, const Limits& limits) {
  const absl::StatusOr<TensorInfo> x =
      CheckInputs(request.inputs(), "inputs.given.inputs", *of.activation, of.direction, limits);
  if (!x.ok()) return x.status();
  if (x->dtype != of.dtype) {
    return absl::InvalidArgumentError(absl::StrCat("inputs.given.inputs[0].dtype is ", std::string(Name(x->dtype)),
                                                   ", but dtype is ", std::string(Name(of.dtype)),
                                                   "; they must be the same"));
  }
  if (x->elements == 0) {
    return absl::InvalidArgumentError("inputs.given.inputs[0] has 0 elements; at least 1 is needed");
  }
  GivenInputs given{.inputs = {}, .count = x->elements};
  for (const v1::Tensor& tensor : request.inputs()) given.inputs.push_back(tensor.data().data());
  return PlannedInputs{std::move(given), x->elements, "given"};
}

absl::StatusOr<PlannedInputs> PlanInputs(const v1::InputPlan& request, const CheckedCase& of, const Limits& limits) {
  switch (request.plan_case()) {
    case v1::InputPlan::kExhaustive:
      return PlanExhaustive(request.exhaustive(), of);
    case v1::InputPlan::kGiven:
      return PlanGiven(request.given(), of, limits);
    default:
      return PlanSampled(request.sampled(), of, limits);
  }
}

// The error of one of two selectors says of which.
absl::Status About(const NamedSelector& selector, bool alone, const absl::Status& status) {
  if (alone) return status;
  return {status.code(), absl::StrCat(selector.field, ": ", std::string(status.message()))};
}

// `Request` is one of the two.
template <class Request>
absl::StatusOr<AccuracyPlan> Plan(const Request& request, const std::vector<NamedSelector>& selectors,
                                  const Catalog& catalog, const Limits& limits) {
  for (const auto& [field, selector] : selectors) {
    if (absl::Status status = CheckSelectorNames(selector, field); !status.ok()) return status;
  }
  absl::StatusOr<CheckedCase> of =
      CheckCase(request.activation(), request.direction(), request.dtype(), request.parameters());
  if (!of.ok()) return of.status();
  AccuracyPlan plan = {
      .activation = of->activation, .kernels = {}, .parameters = {}, .inputs = {}, .mode = {}, .input_total = 0};
  for (const NamedSelector& selector : selectors) {
    const absl::StatusOr<const Kernel*> kernel =
        catalog.FindKernel(of->activation->name, of->direction, of->dtype, FromProto(selector.selector));
    if (!kernel.ok()) return About(selector, selectors.size() == 1, kernel.status());
    if (absl::Status status = Prepare(**kernel, of->parameters).status(); !status.ok()) return status;
    plan.kernels.push_back(*kernel);
  }
  absl::StatusOr<PlannedInputs> inputs = PlanInputs(request.inputs(), *of, limits);
  if (!inputs.ok()) return inputs.status();
  plan.parameters = std::move(of->parameters);
  plan.inputs = std::move(inputs->plan);
  plan.mode = inputs->mode;
  plan.input_total = inputs->count;
  return plan;
}

}  // namespace

size_t ExhaustiveBits(const ActivationInfo& activation, Direction direction, Dtype dtype, bool unit_upstream) {
  const bool with_upstream = direction == Direction::kGradient && !unit_upstream;
  return (activation.inputs + (with_upstream ? 1 : 0)) * 8 * SizeBytes(dtype);
}

absl::StatusOr<AccuracyPlan> PlanMeasurement(const v1::MeasureAccuracyRequest& request, const Catalog& catalog,
                                             const Limits& limits) {
  return Plan(request, {{"selector", request.selector()}}, catalog, limits);
}

absl::StatusOr<AccuracyPlan> PlanComparison(const v1::CompareKernelsRequest& request, const Catalog& catalog,
                                            const Limits& limits) {
  return Plan(request, {{"first", request.first()}, {"second", request.second()}}, catalog, limits);
}

}  // namespace actbench
