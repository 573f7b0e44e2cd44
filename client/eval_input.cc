// SPDX-License-Identifier: Apache-2.0
#include "client/eval_input.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/arguments.h"
#include "client/npy.h"
#include "client/tensor.h"
#include "kernels/dtype.h"
#include "proto/dtype.h"

namespace actbench::client {
namespace {

absl::StatusOr<std::vector<double>> ParseNumbers(const std::string& text, Dtype dtype, absl::string_view flag) {
  std::vector<double> numbers;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::StatusOr<double> number = ParseNumber(part, dtype);
    if (!number.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, ": ", number.status().message(), "; numbers are separated by commas"));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

// An input of the item, of which the file has been read, if it is one.
struct Input {
  const TensorFlags& flags;
  const char* file_flag;
  const char* values_flag;
  std::optional<v1::Tensor> read = std::nullopt;
};

absl::Status ReadFiles(absl::Span<Input> inputs) {
  std::vector<FileArgument> files;
  for (const Input& input : inputs) files.push_back({input.file_flag, input.flags.path});
  if (absl::Status one = CheckOneStdin(files); !one.ok()) return one;
  for (Input& input : inputs) {
    if (input.flags.path.empty()) continue;
    absl::StatusOr<v1::Tensor> tensor = ReadNpy(input.flags.path);
    if (!tensor.ok()) return tensor.status();
    input.read = *std::move(tensor);
  }
  return absl::OkStatus();
}

// That of the flag, else that of the files, which then have to agree, else f32.
absl::StatusOr<Dtype> DtypeOf(const EvalFlags& flags, absl::Span<const Input> inputs) {
  if (const std::optional<Dtype> dtype = ParseDtype(flags.dtype); dtype.has_value()) return *dtype;
  std::vector<FileDtype> files;
  for (const Input& input : inputs) {
    if (input.read.has_value()) files.push_back({input.file_flag, input.read->dtype()});
  }
  if (absl::Status same = CheckSameDtype(files); !same.ok()) return same;
  return files.empty() ? Dtype::kF32 : FromProto(files[0].dtype).value_or(Dtype::kF32);
}

absl::StatusOr<v1::Tensor> MakeInput(Input input, Dtype dtype) {
  if (input.read.has_value()) {
    if (absl::Status converted = ConvertTensor(dtype, *input.read); !converted.ok()) return converted;
    return *std::move(input.read);
  }
  const absl::StatusOr<std::vector<double>> numbers = ParseNumbers(input.flags.values, dtype, input.values_flag);
  if (!numbers.ok()) return numbers.status();
  return MakeTensor(dtype, *numbers);
}

absl::Status AddTensors(const EvalFlags& flags, v1::EvaluateItem& item) {
  Input inputs[] = {{flags.x, "--in", "--values"},
                    {flags.gate, "--gate", "--gate_values"},
                    {flags.upstream, "--upstream", "--upstream_values"}};
  if (absl::Status read = ReadFiles(absl::MakeSpan(inputs)); !read.ok()) return read;
  const absl::StatusOr<Dtype> dtype = DtypeOf(flags, inputs);
  if (!dtype.ok()) return dtype.status();
  for (Input& input : inputs) {
    if (!input.flags.given()) continue;
    absl::StatusOr<v1::Tensor> tensor = MakeInput(std::move(input), *dtype);
    if (!tensor.ok()) return tensor.status();
    *item.add_inputs() = *std::move(tensor);
  }
  if (!flags.gradient || flags.upstream.given()) return absl::OkStatus();
  const absl::StatusOr<TensorView> x = TensorView::Of(item.inputs(0));
  if (!x.ok()) return x.status();
  v1::Tensor ones = OnesLike(item.inputs(0), *x);
  *item.add_inputs() = std::move(ones);
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
