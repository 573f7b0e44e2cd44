// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_inputs.h"

#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/npy.h"
#include "client/tensor.h"
#include "proto/dtype.h"
#include "proto/tensor.h"
#include "proto/usage.h"

namespace actbench::client {
void AddInputFlags(CLI::App& command, InputFlags& flags) {
  constexpr char kGroup[] = "Inputs (default: a stored certificate, else in 16 bits all, in others samples)";
  CLI::Option* exhaustive =
      command.add_flag("--exhaustive", flags.exhaustive, "Every input of the dtype, measured anew; not in f64");
  CLI::Option* samples =
      command.add_option("--samples", flags.samples, "So many random inputs, the same each time")
          ->type_name("N")
          ->transform(NumberIn<int64_t>(1, std::numeric_limits<int64_t>::max(), "number of samples above 0"));
  CLI::Option* distribution =
      command
          .add_option(
              "--distribution", flags.distribution,
              "How they are drawn: bits (every bit pattern alike likely; the default), normal (deviation 3), wide "
              "(normal of deviation 20), uniform (over the activation's domain), tails (beyond it, any size), "
              "subnormal or saturated (beyond the domain to ten times its end)")
          ->type_name("NAME");
  CLI::Option* seed =
      command.add_option("--seed", flags.seed, "Other ones (default: 0)")
          ->type_name("N")
          ->transform(NumberIn<uint64_t>(0, std::numeric_limits<uint64_t>::max(), "whole number from 0 to 2^64 - 1"));
  CLI::Option* x = command.add_option("--in", flags.x, "The elements of this file as x")->type_name("FILE.npy");
  command
      .add_flag("--unit_upstream", flags.unit_upstream,
                "Of gradients dy = 1 alone: not every (x, dy) of 16 bits, nor samples of dy")
      ->excludes(x)
      ->group(kGroup);
  for (CLI::Option* option : {samples, distribution, seed, x}) option->excludes(exhaustive);
  for (CLI::Option* option : {samples, distribution, seed}) option->excludes(x);
  for (CLI::Option* option : {exhaustive, samples, distribution, seed, x}) option->group(kGroup);
  command.add_option("--gate", flags.gate, "The second input of a gated activation")
      ->type_name("FILE.npy")
      ->needs(x)
      ->group(kGroup);
  command.add_option("--upstream", flags.upstream, "dy of gradients (default: 1 everywhere)")
      ->type_name("FILE.npy")
      ->needs(x)
      ->group(kGroup);
}

absl::StatusOr<AccuracyInputs> AccuracyInputs::Load(const InputFlags& flags) {
  AccuracyInputs inputs(flags);
  const FileArgument files[] = {{"--in", flags.x}, {"--gate", flags.gate}, {"--upstream", flags.upstream}};
  if (absl::Status one = CheckOneStdin(files); !one.ok()) return one;
  std::optional<v1::Tensor>* const targets[] = {&inputs.x_, &inputs.gate_, &inputs.upstream_};
  std::vector<FileDtype> dtypes;
  for (size_t i = 0; i < std::size(files); ++i) {
    if (files[i].path.empty()) continue;
    absl::StatusOr<v1::Tensor> tensor = ReadNpy(files[i].path);
    if (!tensor.ok()) return tensor.status();
    dtypes.push_back({files[i].flag, tensor->dtype()});
    *targets[i] = *std::move(tensor);
  }
  if (flags.convert) return inputs;
  if (absl::Status same = CheckSameDtype(dtypes); !same.ok()) return same;
  return inputs;
}

bool Has16Bits(v1::Dtype dtype) { return dtype == v1::DTYPE_F16 || dtype == v1::DTYPE_BF16; }

std::optional<v1::Dtype> AccuracyInputs::dtype() const {
  return x_.has_value() ? std::optional<v1::Dtype>(x_->dtype()) : std::nullopt;
}

absl::StatusOr<v1::InputPlan> AccuracyInputs::PlanFor(v1::Direction direction, v1::Dtype dtype, int input_count) const {
  v1::InputPlan plan;
  // All inputs in 16 bits take milliseconds, unless they are pairs: of x and dy, or of x and gate.
  const bool few = !flags_.given() && input_count == 1 && Has16Bits(dtype);
  if (flags_.exhaustive || few) {
    const bool unit_upstream = flags_.unit_upstream || few;
    plan.mutable_exhaustive()->set_unit_upstream(unit_upstream && direction == v1::DIRECTION_GRADIENT);
    return plan;
  }
  if (!x_.has_value()) {
    plan.mutable_sampled()->set_count(flags_.samples.value_or(0));
    plan.mutable_sampled()->set_distribution(flags_.distribution);
    plan.mutable_sampled()->set_seed(flags_.seed.value_or(0));
    plan.mutable_sampled()->set_unit_upstream(flags_.unit_upstream && direction == v1::DIRECTION_GRADIENT);
    return plan;
  }
  const Dtype wanted = FromProto(dtype).value_or(Dtype::kF64);
  const auto add = [&](v1::Tensor tensor) {
    absl::Status converted = ConvertTensor(wanted, tensor);
    if (converted.ok()) *plan.mutable_given()->add_inputs() = std::move(tensor);
    return converted;
  };
  if (absl::Status added = add(*x_); !added.ok()) return added;
  if (gate_.has_value()) {
    if (absl::Status added = add(*gate_); !added.ok()) return added;
  }
  if (direction != v1::DIRECTION_GRADIENT) return plan;
  const absl::StatusOr<TensorView> view = TensorView::Of(*x_);
  if (!view.ok()) return view.status();
  if (absl::Status added = add(upstream_.has_value() ? *upstream_ : OnesLike(*x_, *view)); !added.ok()) return added;
  return plan;
}

bool AccuracyInputs::AskTooMuch(v1::Direction direction, v1::Dtype dtype, int input_count) const {
  if (!flags_.exhaustive || input_count == 1) return false;
  return !Has16Bits(dtype) || (direction == v1::DIRECTION_GRADIENT && !flags_.unit_upstream);
}

}  // namespace actbench::client
