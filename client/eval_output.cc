// SPDX-License-Identifier: Apache-2.0
#include "client/eval_output.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "client/format.h"

namespace actbench::client {
namespace {

constexpr int64_t kMostInJson = 1000;
constexpr int64_t kMostPrinted = 100;
constexpr int64_t kFirst = 8;

std::string ValuesJson(const TensorView& view) {
  std::vector<std::string> values;
  for (int64_t i = 0; i < view.size(); ++i) values.push_back(JsonNumber(view[i], view.dtype()));
  return JsonArray(values);
}

std::string ErrorJson(const v1::ErrorReport& error, Dtype dtype) {
  return JsonObject({{"max_ulp", JsonNumber(error.max_ulp())},
                     {"mean_ulp", JsonNumber(error.mean_ulp())},
                     {"worst_input", JsonNumber(error.worst_input(), dtype)},
                     {"worst_input_bits", JsonString(error.worst_input_bits())},
                     {"checked", absl::StrCat(error.checked())}});
}

// Elements [begin, end) with a space between them.
std::string Row(const TensorView& view, int64_t begin, int64_t end) {
  std::vector<std::string> values;
  for (int64_t i = begin; i < end; ++i) values.push_back(RoundedDecimal(view[i], view.dtype()));
  return absl::StrJoin(values, " ");
}

std::string Summary(const v1::Tensor& tensor, const TensorView& view) {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  long double sum = 0;  // of finite f64 values as large as any, the sum has to be finite too
  int64_t nans = 0;
  int64_t infinities = 0;
  for (int64_t i = 0; i < view.size(); ++i) {
    const double value = view[i];
    nans += std::isnan(value) ? 1 : 0;
    infinities += std::isinf(value) ? 1 : 0;
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    sum += value;
  }
  const int64_t finite = view.size() - nans - infinities;
  const auto number = [&](double value) { return finite == 0 ? "none" : RoundedDecimal(value, view.dtype()); };
  Table table({"shape", absl::StrCat(ShapeText(tensor), ", ", DtypeText(tensor.dtype()))});
  table.AddRow({"min", number(least)});
  table.AddRow({"max", number(greatest)});
  table.AddRow({"mean", number(static_cast<double>(sum / static_cast<long double>(finite)))});
  table.AddRow({"NaN", absl::StrCat(nans)});
  table.AddRow({"infinite", absl::StrCat(infinities)});
  table.AddRow({"first", Row(view, 0, std::min(kFirst, view.size())) + " ..."});
  return table.Aligned();
}

}  // namespace

std::string EvalJson(const v1::EvaluateResult& result, absl::Span<const TensorView> outputs) {
  const v1::Kernel& kernel = result.kernel();
  std::vector<JsonMember> members = {
      {"activation", JsonString(kernel.activation())},
      {"direction", JsonString(DirectionName(kernel.direction()))},
      {"kernel", JsonString(kernel.name())},
      {"device", JsonString(kernel.device())},
      {"parameters", JsonNumbers({result.parameters().begin(), result.parameters().end()})},
      {"dtype", JsonString(DtypeText(ToProto(outputs[0].dtype())))},
      {"shape", absl::StrCat("[", absl::StrJoin(result.outputs(0).shape(), ","), "]")},
      {"queue_ns", absl::StrCat(result.times().queue_ns())},
      {"compute_ns", absl::StrCat(result.times().compute_ns())},
      {"copy_ns", absl::StrCat(result.times().copy_ns())},
      {"to_device_ns", absl::StrCat(result.times().to_device_ns())},
      {"from_device_ns", absl::StrCat(result.times().from_device_ns())},
  };
  if (outputs[0].size() <= kMostInJson) {
    members.emplace_back("values", ValuesJson(outputs[0]));
    if (outputs.size() > 1) members.emplace_back("gate_values", ValuesJson(outputs[1]));
  }
  if (result.has_error()) {
    const Dtype dtype = FromProto(kernel.dtype()).value_or(Dtype::kF64);
    members.emplace_back("error", ErrorJson(result.error(), dtype));
  }
  return JsonObject(members);
}

std::string TensorText(const v1::Tensor& tensor, const TensorView& view) {
  if (view.size() == 0) return absl::StrCat("no elements (shape ", ShapeText(tensor), ")\n");
  if (view.size() > kMostPrinted) return Summary(tensor, view);
  const int64_t row = tensor.shape().empty() ? 1 : tensor.shape(tensor.shape_size() - 1);
  std::string text;
  for (int64_t i = 0; i < view.size(); i += row) absl::StrAppend(&text, Row(view, i, i + row), "\n");
  return text;
}

std::string ErrorText(const v1::ErrorReport& error, Dtype dtype) {
  if (error.checked() == 0) return "error: no elements to check";
  const std::string max = UlpText(error.max_ulp(), UlpRounding::kDown);  // as 'actbench accuracy --in' has it
  // Of errors that are all 0, as shown, none is the worst.
  const std::string worst =
      max == UlpText(0) ? "-"
                        : absl::StrCat(RoundedDecimal(error.worst_input(), dtype), " (", error.worst_input_bits(), ")");
  return absl::StrFormat("error: max %s ulp, mean %s ulp, worst at x = %s, %d checked", max, UlpText(error.mean_ulp()),
                         worst, error.checked());
}

}  // namespace actbench::client
