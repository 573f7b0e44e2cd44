// SPDX-License-Identifier: Apache-2.0
#include "client/eval_input.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/arguments.h"
#include "client/npy.h"
#include "client/tensor.h"
#include "kernels/dtype.h"

namespace actbench::client {
namespace {

absl::StatusOr<std::vector<double>> ParseNumbers(const std::string& text, absl::string_view flag) {
  std::vector<double> numbers;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::StatusOr<double> number = ParseNumber(part);
    if (!number.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, ": ", number.status().message(), "; numbers are separated by commas"));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

// The tensor in `dtype`, by default the file's, else f32.
absl::StatusOr<v1::Tensor> Load(const TensorFlags& flags, absl::string_view values_flag, std::optional<Dtype> dtype) {
  if (flags.path.empty()) {
    const absl::StatusOr<std::vector<double>> numbers = ParseNumbers(flags.values, values_flag);
    if (!numbers.ok()) return numbers.status();
    return MakeTensor(dtype.value_or(Dtype::kF32), *numbers);
  }
  absl::StatusOr<v1::Tensor> tensor = ReadNpy(flags.path);
  if (tensor.ok() && dtype.has_value()) {
    if (absl::Status converted = ConvertTensor(*dtype, *tensor); !converted.ok()) return converted;
  }
  return tensor;
}

absl::Status AddTensors(const EvalFlags& flags, v1::EvaluateItem& item) {
  absl::StatusOr<v1::Tensor> x = Load(flags.x, "--values", ParseDtype(flags.dtype));
  if (!x.ok()) return x.status();
  const absl::StatusOr<TensorView> view = TensorView::Of(*x);
  if (!view.ok()) return view.status();
  const Dtype dtype = view->dtype();
  std::optional<v1::Tensor> ones;
  if (flags.gradient && !flags.upstream.given()) ones = OnesLike(*x, *view);
  *item.add_inputs() = *std::move(x);

  const std::pair<const TensorFlags&, absl::string_view> others[] = {{flags.gate, "--gate_values"},
                                                                     {flags.upstream, "--upstream_values"}};
  for (const auto& [tensor_flags, values_flag] : others) {
    if (!tensor_flags.given()) continue;
    absl::StatusOr<v1::Tensor> tensor = Load(tensor_flags, values_flag, dtype);
    if (!tensor.ok()) return tensor.status();
    *item.add_inputs() = *std::move(tensor);
  }
  if (ones.has_value()) *item.add_inputs() = *std::move(ones);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::EvaluateItem> MakeItem(const EvalFlags& flags) {
  absl::StatusOr<v1::EvaluateItem> item = MakeItemWithoutInputs(flags);
  if (!item.ok()) return item.status();
  item->set_measure_error(flags.check);
  if (absl::Status added = AddTensors(flags, *item); !added.ok()) return added;
  return item;
}

}  // namespace actbench::client
