// SPDX-License-Identifier: Apache-2.0
// What EvaluateJob does on a device: the rest is in evaluate_job.cc.
#include <array>
#include <vector>

#include "server/evaluate_job.h"

namespace actbench {

bool EvaluateJob::RunTogether(const EvaluatePlan& a, const EvaluatePlan& b) {
  return a.on_device() && a.kernel == b.kernel && a.parameters == b.parameters;
}

void EvaluateJob::RunOnDevice(absl::Span<Piece> pieces) {
  std::vector<Piece*> left;
  for (Piece& piece : pieces) {
    if (!HasFailed(*piece.item)) left.push_back(&piece);
  }
  if (!left.empty()) RunOnDevice(left);
}

void EvaluateJob::RunOnDevice(absl::Span<Piece* const> pieces) {
  std::vector<HostTensor> tensors(pieces.size());
  std::vector<std::vector<char>> elsewhere;  // outputs that are not to overwrite the inputs
  size_t elements = 0;
  for (size_t p = 0; p < pieces.size(); ++p) {
    const EvaluatePlan& plan = *pieces[p]->item->plan;
    const size_t size = SizeBytes(plan.kernel->dtype);
    HostTensor& tensor = tensors[p];
    tensor.elements = pieces[p]->end - pieces[p]->begin;
    elements += tensor.elements;
    for (size_t i = 0; i < plan.input_count; ++i) tensor.inputs[i] = plan.inputs[i] + pieces[p]->begin * size;
    for (size_t i = 0; i < plan.output_count; ++i) {
      const bool over_input = plan.in_place() && !plan.meter.has_value();
      tensor.outputs[i] =
          over_input ? plan.inputs[i] + pieces[p]->begin * size : elsewhere.emplace_back(tensor.elements * size).data();
    }
    if (pieces[p]->item->samples != nullptr) {
      pieces[p]->item->samples->CopyInputs({tensor.inputs.data(), plan.input_count}, pieces[p]->begin, pieces[p]->end);
    }
  }
  DeviceTimes times;
  const absl::Status status = pieces[0]->item->plan->prepared.on_device()->Run(tensors, times);
  for (size_t p = 0; p < pieces.size(); ++p) {
    Item& item = *pieces[p]->item;
    const auto add = [&](std::atomic<int64_t>& sum, int64_t ns) {
      const double share = elements == 0 ? 0 : static_cast<double>(tensors[p].elements) / static_cast<double>(elements);
      sum.fetch_add(static_cast<int64_t>(static_cast<double>(ns) * share), std::memory_order_relaxed);
    };
    if (pieces[p]->begin == 0) item.queue_ns.fetch_add(times.waiting_ns, std::memory_order_relaxed);
    add(item.compute_ns, times.compute_ns);
    add(item.copy_ns, times.staging_ns);
    add(item.to_device_ns, times.to_device_ns);
    add(item.from_device_ns, times.from_device_ns);
    if (!status.ok()) {
      Fail(item, status);
      continue;
    }
    const EvaluatePlan& plan = *item.plan;
    if (item.samples != nullptr) {
      const std::array<const void*, 2> outputs = {tensors[p].outputs[0], tensors[p].outputs[1]};
      item.samples->CopyOutputs({outputs.data(), plan.output_count}, pieces[p]->begin, pieces[p]->end);
    }
    if (plan.in_place() && !plan.meter.has_value()) continue;
    Deliver(*pieces[p], pieces[p]->begin, tensors[p].elements, tensors[p].outputs);
  }
}

}  // namespace actbench
