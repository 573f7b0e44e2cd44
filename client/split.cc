// SPDX-License-Identifier: Apache-2.0
#include "client/split.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/tensor.h"
#include "kernels/dtype.h"

namespace actbench::client {
namespace {

// More than a message holds besides the tensors' elements and the item's own fields: shapes, the kernel's names, times.
constexpr int64_t kMessageOverheadBytes = 4096;

// A call may take this part of what the server lets be in work: it still counts the call before while that one's
// answer is on its way, and there are other clients.
constexpr int64_t kInflightShare = 4;

// What a server notes of each element whose error it measures, from above.
constexpr int64_t kMeasuredBytes = 32;

// The item without its tensors.
v1::EvaluateItem Header(const v1::EvaluateItem& item) {
  v1::EvaluateItem header;
  header.set_id(item.id());
  header.set_activation(item.activation());
  header.set_direction(item.direction());
  *header.mutable_parameters() = item.parameters();
  *header.mutable_selector() = item.selector();
  header.set_output_dtype(item.output_dtype());
  header.set_measure_error(item.measure_error());
  return header;
}

// The view of the first input if all inputs are well-formed and alike.
std::optional<TensorView> CommonView(const v1::EvaluateItem& item) {
  for (const v1::Tensor& input : item.inputs()) {
    const v1::Tensor& first = item.inputs(0);
    if (!TensorView::Of(input).ok() || input.dtype() != first.dtype() ||
        !std::equal(input.shape().begin(), input.shape().end(), first.shape().begin(), first.shape().end())) {
      return std::nullopt;
    }
  }
  if (item.inputs().empty()) return std::nullopt;
  return *TensorView::Of(item.inputs(0));
}

// Adds a part's error report; `offset` is the position of the part's first element.
void MergeError(const v1::ErrorReport& part, int64_t offset, v1::ErrorReport& total) {
  const int64_t checked = total.checked() + part.checked();
  double mean = part.checked() == 0 ? total.mean_ulp() : part.mean_ulp();
  if (total.checked() != 0 && part.checked() != 0) {
    const double weight = static_cast<double>(part.checked()) / static_cast<double>(checked);
    mean = total.mean_ulp() * (1 - weight) + part.mean_ulp() * weight;
  }
  if (total.checked() == 0 || part.max_ulp() > total.max_ulp()) {
    total = part;
    total.set_worst_index(part.worst_index() + offset);
  }
  total.set_mean_ulp(mean);
  total.set_checked(checked);
}

void AddTimes(const v1::PhaseTimes& part, v1::PhaseTimes& total) {
  total.set_queue_ns(total.queue_ns() + part.queue_ns());
  total.set_compute_ns(total.compute_ns() + part.compute_ns());
  total.set_copy_ns(total.copy_ns() + part.copy_ns());
  total.set_to_device_ns(total.to_device_ns() + part.to_device_ns());
  total.set_from_device_ns(total.from_device_ns() + part.from_device_ns());
}

}  // namespace

std::optional<SplitPlan> PlanSplit(const v1::EvaluateItem& item, const v1::Limits& limits) {
  const std::optional<TensorView> view = CommonView(item);
  if (!view.has_value()) return std::nullopt;
  const int64_t inputs = item.inputs_size();
  // Forward gives one output, the gradient one for each input but dy.
  const int64_t outputs = item.direction() == v1::DIRECTION_GRADIENT ? std::max<int64_t>(inputs - 1, 1) : 1;
  const Dtype output_dtype = FromProto(item.output_dtype()).value_or(view->dtype());
  const int64_t input_bytes = inputs * static_cast<int64_t>(SizeBytes(view->dtype()));
  const int64_t output_bytes = outputs * static_cast<int64_t>(SizeBytes(output_dtype));
  // Outputs of the inputs' dtype take the inputs' place.
  const int64_t work_bytes =
      input_bytes + (output_dtype == view->dtype() ? 0 : output_bytes) + (item.measure_error() ? kMeasuredBytes : 0);

  int64_t most = std::numeric_limits<int64_t>::max();
  const auto limit = [&most](int64_t limit_value, int64_t fixed, int64_t per_element) {
    // A server that gives no limit has none.
    if (limit_value > 0) most = std::min(most, std::max<int64_t>((limit_value - fixed) / per_element, 1));
  };
  const int64_t overhead = kMessageOverheadBytes + 2 * static_cast<int64_t>(Header(item).ByteSizeLong());
  limit(limits.message_size_bytes(), overhead, std::max(input_bytes, output_bytes));
  limit(limits.inflight_bytes() / kInflightShare, overhead, work_bytes);
  limit(limits.tensor_elements(), 0, 1);
  if (item.measure_error()) limit(limits.measured_elements(), 0, 1);
  if (view->size() <= most) return std::nullopt;
  const int64_t calls = (view->size() - 1) / most + 1;
  return SplitPlan{view->size(), (view->size() - 1) / calls + 1};
}

v1::EvaluateItem Slice(const v1::EvaluateItem& item, int64_t begin, int64_t end) {
  v1::EvaluateItem slice = Header(item);
  for (const v1::Tensor& input : item.inputs()) {
    const size_t bytes = TensorView::Of(input)->element_bytes();
    v1::Tensor& part = *slice.add_inputs();
    part.set_dtype(input.dtype());
    part.add_shape(end - begin);
    part.set_data(input.data().data() + static_cast<size_t>(begin) * bytes, static_cast<size_t>(end - begin) * bytes);
  }
  return slice;
}

absl::Status AppendPart(v1::EvaluateResult part, int64_t begin, int64_t end, const v1::EvaluateItem& item,
                        v1::EvaluateResult& result) {
  for (const v1::Tensor& output : part.outputs()) {
    const absl::StatusOr<TensorView> view = TensorView::Of(output);
    if (!view.ok() || view->size() != end - begin) {
      return absl::InternalError(absl::StrCat("the server's output for ", end - begin, " elements does not fit them"));
    }
  }
  if (begin == 0) {
    result = std::move(part);
    for (v1::Tensor& output : *result.mutable_outputs()) {
      const size_t bytes = output.data().size() / static_cast<size_t>(end);
      output.mutable_data()->reserve(static_cast<size_t>(TensorView::Of(item.inputs(0))->size()) * bytes);
      *output.mutable_shape() = item.inputs(0).shape();
    }
    return absl::OkStatus();
  }
  const bool alike =
      part.kernel().name() == result.kernel().name() &&
      std::equal(part.outputs().begin(), part.outputs().end(), result.outputs().begin(), result.outputs().end(),
                 [](const v1::Tensor& a, const v1::Tensor& b) { return a.dtype() == b.dtype(); });
  if (!alike) {
    return absl::InternalError(absl::StrCat("the server changed in between calls, from ", result.kernel().name(),
                                            " to ", part.kernel().name()));
  }
  for (int i = 0; i < part.outputs_size(); ++i) {
    result.mutable_outputs(i)->mutable_data()->append(part.outputs(i).data());
  }
  AddTimes(part.times(), *result.mutable_times());
  if (part.has_error()) MergeError(part.error(), begin, *result.mutable_error());
  return absl::OkStatus();
}

}  // namespace actbench::client
