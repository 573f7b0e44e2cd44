// SPDX-License-Identifier: Apache-2.0
#include "server/evaluate_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/tensor.h"
#include "server/convert.h"
#include "server/request_checks.h"

namespace actbench {
namespace {

absl::Status CheckNames(const v1::EvaluateItem& item) {
  if (item.id().size() > kMaxIdBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("id has ", item.id().size(), " bytes; at most ", kMaxIdBytes, " are allowed"));
  }
  if (absl::Status status = CheckName("activation", item.activation()); !status.ok()) return status;
  return CheckSelectorNames(item.selector());
}

absl::StatusOr<Dtype> CheckOutputDtype(const v1::EvaluateItem& item, Dtype input) {
  if (item.output_dtype() == v1::DTYPE_UNSPECIFIED) return input;
  const std::optional<Dtype> output = FromProto(item.output_dtype());
  if (output.has_value()) return *output;
  return absl::InvalidArgumentError(absl::StrCat("output_dtype is ", DtypeText(item.output_dtype()),
                                                 "; it must be one of ", DtypeNames(), ", or not given"));
}

absl::Status CheckMeasure(const v1::EvaluateItem& item, size_t elements, const Limits& limits) {
  if (!item.measure_error() || elements <= static_cast<size_t>(limits.measured_elements)) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("measure_error is set and inputs[0] has ", elements,
                                                   " elements; the error of at most ", limits.measured_elements,
                                                   " is measured"));
}

// What the names of the item stand for.
struct Resolved {
  const ActivationInfo* activation;
  Direction direction;
  TensorInfo x;
  const Kernel* kernel;
  std::vector<double> parameters;
  Dtype output_dtype;
};

absl::StatusOr<Resolved> Resolve(const v1::EvaluateItem& item, const Catalog& catalog, const Limits& limits) {
  if (absl::Status status = CheckNames(item); !status.ok()) return status;
  const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(item.activation());
  if (!activation.ok()) return activation.status();
  const absl::StatusOr<Direction> direction = CheckDirection(item.direction());
  if (!direction.ok()) return direction.status();
  const absl::StatusOr<TensorInfo> x = CheckInputs(item.inputs(), "inputs", **activation, *direction, limits);
  if (!x.ok()) return x.status();
  const absl::StatusOr<const Kernel*> kernel =
      catalog.FindKernel((*activation)->name, *direction, x->dtype, FromProto(item.selector()));
  if (!kernel.ok()) return kernel.status();
  absl::StatusOr<std::vector<double>> parameters = CheckParameters(item.parameters(), **activation);
  if (!parameters.ok()) return parameters.status();
  const absl::StatusOr<Dtype> output_dtype = CheckOutputDtype(item, x->dtype);
  if (!output_dtype.ok()) return output_dtype.status();
  if (absl::Status status = CheckMeasure(item, x->elements, limits); !status.ok()) return status;
  return Resolved{*activation, *direction, *x, *kernel, *std::move(parameters), *output_dtype};
}

}  // namespace

absl::StatusOr<EvaluatePlan> PlanItem(v1::EvaluateItem& item, const Catalog& catalog, const Limits& limits) {
  absl::StatusOr<Resolved> resolved = Resolve(item, catalog, limits);
  if (!resolved.ok()) return resolved.status();
  absl::StatusOr<PreparedKernel> prepared = Prepare(*resolved->kernel, resolved->parameters);
  if (!prepared.ok()) return prepared.status();
  std::optional<ErrorMeter> meter;
  if (item.measure_error()) {
    meter.emplace(*resolved->activation, resolved->direction, resolved->x.dtype, resolved->parameters);
  }
  EvaluatePlan plan{.item = &item,
                    .activation = resolved->activation,
                    .kernel = resolved->kernel,
                    .parameters = std::move(resolved->parameters),
                    .prepared = *std::move(prepared),
                    .meter = std::move(meter),
                    .output_dtype = resolved->output_dtype,
                    .elements = resolved->x.elements,
                    .input_count = static_cast<size_t>(item.inputs_size()),
                    .output_count = OutputCount(*resolved->activation, resolved->direction),
                    .inputs = {}};
  for (size_t i = 0; i < plan.input_count; ++i) {
    plan.inputs[i] = item.mutable_inputs(static_cast<int>(i))->mutable_data()->data();
  }
  return plan;
}

}  // namespace actbench
