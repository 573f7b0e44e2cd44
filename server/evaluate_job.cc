// SPDX-License-Identifier: Apache-2.0
#include "server/evaluate_job.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/convert.h"

namespace actbench {
namespace {

// Costs in units of at most 50 ns, what the slowest kernel needs for one element; a chunk must stay under 1 ms.
constexpr size_t kItemCost = 64;  // choosing, timing and counting
constexpr size_t kChunkCost = kItemCost + (size_t{1} << 14);
constexpr size_t kBriefCost = kChunkCost / 8;  // about what waking a worker costs, most often
constexpr size_t kMeasuredCost = 16;           // an output element whose definition is evaluated, 0.1 to 0.8 us
constexpr size_t kMeasuredF64Cost = 2000;      // the same in f64, 10 to 100 us
constexpr size_t kDeviceCost = 400;            // the calls and the latencies of a run on a device
constexpr size_t kDeviceBytes = 512;           // that are copied to or from what a device reads for a cost of 1
static_assert(kItemCost + 2 * kMeasuredF64Cost <= kChunkCost);
constexpr size_t kPageBytes = 4096;      // a tensor is cut where one ends, so that two workers share none
constexpr size_t kBlockElements = 4096;  // what passes through the buffer at a time; fits the first-level cache
constexpr size_t kBlockBytes = kBlockElements * sizeof(double);

// What a result takes in the response beside its tensors' data, from above: the id, names, times or a message, and for
// each dimension and parameter the longest encoding.
constexpr int64_t kResultBytes = 1024 + kMaxIdBytes;
constexpr int64_t kDimensionBytes = 10;
constexpr int64_t kParameterBytes = 64;

// What elements cost: `cost` for each `elements` of them, and `start` besides.
struct Price {
  size_t start;
  size_t cost;
  size_t elements;

  size_t Of(size_t count) const { return start + (count * cost + elements - 1) / elements; }
  size_t MostFor(size_t room) const { return room < Of(1) ? 0 : (room - start) / cost * elements; }
};

Price PriceOf(const EvaluatePlan& plan) {
  const size_t start = plan.on_device() ? kDeviceCost : kItemCost;
  if (plan.meter.has_value()) {
    return {start, plan.output_count * (plan.kernel->dtype == Dtype::kF64 ? kMeasuredF64Cost : kMeasuredCost), 1};
  }
  if (!plan.on_device()) return {start, 1, 1};
  return {start, 1, kDeviceBytes / ((plan.input_count + plan.output_count) * SizeBytes(plan.kernel->dtype))};
}

// Where a piece from `begin` on ends that may have `most` elements: where the tensor or, of x and what replaces it, a
// page does. None if neither is so near, unless elements are so costly that no chunk has a page of them.
std::optional<size_t> EndOfPiece(const EvaluatePlan& plan, size_t begin, size_t most) {
  if (begin + most >= plan.elements) return plan.elements;
  const size_t size = SizeBytes(plan.kernel->dtype);
  if (PriceOf(plan).MostFor(kChunkCost) * size < kPageBytes) return begin + most;
  const uintptr_t data = reinterpret_cast<uintptr_t>(plan.inputs[0]);
  const uintptr_t page = (data + (begin + most) * size) / kPageBytes * kPageBytes;
  if (page < data + (begin + 1) * size) return std::nullopt;
  return (page - data) / size;
}

int64_t ResponseBytes(const EvaluatePlan& plan) {
  const int64_t dimensions = plan.item->inputs(0).shape_size() * static_cast<int64_t>(plan.output_count);
  return plan.output_bytes() + kResultBytes + kDimensionBytes * dimensions +
         kParameterBytes * static_cast<int64_t>(plan.parameters.size());
}

int64_t Nanoseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace

EvaluateJob::EvaluateJob(v1::EvaluateRequest& request, v1::EvaluateResponse& response, const Catalog& catalog,
                         const Limits& limits, Metrics& metrics, absl::Time deadline,
                         std::function<void(const absl::Status&)> done, LiveAccuracy* live, SelfCheck* self_check)
    : request_(request),
      response_(response),
      metrics_(metrics),
      self_check_(self_check),
      deadline_(deadline),
      accepted_(Clock::now()),
      done_(std::move(done)),
      item_count_(static_cast<size_t>(request.items_size())),
      items_(new Item[item_count_]) {
  response_.mutable_results()->Reserve(request.items_size());
  int64_t response_bytes = 0;
  for (size_t i = 0; i < item_count_; ++i) {
    Item& item = items_[i];
    response_.add_results();
    item.plan = PlanItem(*request.mutable_items(static_cast<int>(i)), catalog, limits);
    const int64_t bytes = item.plan.ok() ? ResponseBytes(*item.plan) : 0;
    if (item.plan.ok() && bytes > limits.message_size_bytes - response_bytes) {
      item.plan = absl::ResourceExhaustedError(
          absl::StrCat("with this item's result the response would have up to ", response_bytes + bytes,
                       " bytes; at most ", limits.message_size_bytes, " are allowed (--max_message_bytes); send ",
                       bytes > limits.message_size_bytes ? "smaller tensors" : "it in another request"));
    }
    response_bytes += item.plan.ok() ? bytes : kResultBytes;
    if (item.plan.ok() && !item.plan->in_place()) memory_bytes_ += item.plan->output_bytes();
  }
  Cut();
  if (live != nullptr) ChooseSamples(*live);
  memory_bytes_ += static_cast<int64_t>(request.SpaceUsedLong() + pieces_.capacity() * sizeof(Piece) +
                                        item_count_ * (sizeof(Item) + static_cast<size_t>(kResultBytes)));
}

void EvaluateJob::Cut() {
  size_t room = kChunkCost;  // in the chunk that is being filled
  for (size_t i = 0; i < item_count_; ++i) {
    Item& item = items_[i];
    if (!item.plan.ok()) continue;
    const Price price = PriceOf(*item.plan);
    if (item.plan->on_device()) waits_ = true;
    item.first_piece = pieces_.size();
    for (size_t begin = 0; begin < item.plan->elements || pieces_.size() == item.first_piece;) {
      const size_t most = price.MostFor(room);
      std::optional<size_t> end;
      if (most > 0) end = EndOfPiece(*item.plan, begin, most);
      if (!end.has_value() && room < kChunkCost) {
        chunk_ends_.push_back(pieces_.size());
        room = kChunkCost;
        continue;
      }
      const size_t piece_end = end.value_or(begin + most);
      pieces_.push_back({.item = &item, .begin = begin, .end = piece_end, .error = {}});
      room = piece_end < item.plan->elements ? 0 : room - price.Of(piece_end - begin);
      begin = piece_end;
    }
    item.end_piece = pieces_.size();
  }
  if (room < kChunkCost) chunk_ends_.push_back(pieces_.size());
  is_brief_ = chunk_ends_.size() == 1 && kChunkCost - room <= kBriefCost && !waits_;
}

void EvaluateJob::ChooseSamples(LiveAccuracy& live) {
  std::vector<size_t> elements;
  for (size_t i = 0; i < item_count_; ++i) elements.push_back(items_[i].plan.ok() ? items_[i].plan->elements : 0);
  std::vector<std::vector<size_t>> chosen = live.Choose(elements);
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i].empty()) continue;
    const EvaluatePlan& plan = *items_[i].plan;
    items_[i].samples =
        std::make_unique<LiveSamples>(*plan.activation, *plan.kernel, plan.parameters, std::move(chosen[i]));
  }
}

std::vector<std::unique_ptr<LiveSamples>> EvaluateJob::TakeSamples() {
  std::vector<std::unique_ptr<LiveSamples>> samples;
  for (size_t i = 0; i < item_count_; ++i) {
    const bool has_run = items_[i].samples != nullptr && items_[i].failure.ok();
    if (has_run) samples.push_back(std::move(items_[i].samples));
  }
  return samples;
}

void EvaluateJob::RunKernel(Item& item, absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                            size_t begin, size_t end) {
  // Before the outputs overwrite them.
  if (item.samples != nullptr) item.samples->CopyInputs(inputs, begin, end);
  const Clock::time_point start = Clock::now();
  // Of a kernel on the CPU, which does not fail.
  item.plan->prepared.Run(inputs, outputs, end - begin).IgnoreError();
  item.compute_ns.fetch_add(Nanoseconds(Clock::now() - start), std::memory_order_relaxed);
  if (item.samples != nullptr) item.samples->CopyOutputs({outputs.data(), outputs.size()}, begin, end);
}

void EvaluateJob::RunChunk(size_t chunk) {
  const size_t end = chunk_ends_[chunk];
  for (size_t i = chunk == 0 ? 0 : chunk_ends_[chunk - 1]; i < end;) {
    size_t next = i + 1;
    while (next < end && RunTogether(*pieces_[i].item->plan, *pieces_[next].item->plan)) ++next;
    for (size_t piece = i; piece < next; ++piece) {
      int64_t not_started = -1;
      const int64_t waited = Nanoseconds(Clock::now() - accepted_);
      pieces_[piece].item->queue_ns.compare_exchange_strong(not_started, waited, std::memory_order_relaxed);
    }
    if (pieces_[i].item->plan->on_device()) {
      RunOnDevice(absl::MakeSpan(pieces_).subspan(i, next - i));
    } else {
      RunPiece(pieces_[i]);
    }
    i = next;
  }
}

void EvaluateJob::RunPiece(Piece& piece) {
  Item& item = *piece.item;
  const EvaluatePlan& plan = *item.plan;
  if (!plan.in_place() || plan.meter.has_value()) return RunBuffered(piece);
  const size_t offset = piece.begin * SizeBytes(plan.kernel->dtype);
  std::array<const void*, 3> inputs;
  std::array<void*, 2> outputs;
  for (size_t i = 0; i < plan.input_count; ++i) inputs[i] = plan.inputs[i] + offset;
  for (size_t i = 0; i < plan.output_count; ++i) outputs[i] = plan.inputs[i] + offset;
  RunKernel(item, {inputs.data(), plan.input_count}, {outputs.data(), plan.output_count}, piece.begin, piece.end);
}

void EvaluateJob::RunBuffered(Piece& piece) {
  // On the worker's own stack: thread-local memory would shrink that of every thread, civetweb's 100 KiB included.
  alignas(64) std::array<std::array<char, kBlockBytes>, 2> buffers;
  Item& item = *piece.item;
  const EvaluatePlan& plan = *item.plan;
  const size_t size = SizeBytes(plan.kernel->dtype);
  for (size_t begin = piece.begin; begin < piece.end; begin += kBlockElements) {
    const size_t n = std::min(kBlockElements, piece.end - begin);
    std::array<const void*, 3> inputs;
    std::array<void*, 2> outputs;
    for (size_t i = 0; i < plan.input_count; ++i) inputs[i] = plan.inputs[i] + begin * size;
    for (size_t i = 0; i < plan.output_count; ++i) outputs[i] = buffers[i].data();
    RunKernel(item, {inputs.data(), plan.input_count}, {outputs.data(), plan.output_count}, begin, begin + n);
    Deliver(piece, begin, n, outputs);
  }
}

void EvaluateJob::Deliver(Piece& piece, size_t begin, size_t n, const std::array<void*, 2>& outputs) {
  Item& item = *piece.item;
  const EvaluatePlan& plan = *item.plan;
  const size_t size = SizeBytes(plan.kernel->dtype);
  if (n == 0) return;  // and perhaps no memory
  if (plan.meter.has_value()) {
    std::array<const void*, 3> inputs;
    for (size_t i = 0; i < plan.input_count; ++i) inputs[i] = plan.inputs[i] + begin * size;
    for (size_t i = 0; i < plan.output_count; ++i) {
      ErrorReport error = plan.meter->Measure({inputs.data(), plan.input_count}, outputs[i], 0, n, i);
      error.worst_index += begin;
      piece.error = Merge(piece.error, error);
    }
  }
  const Clock::time_point computed = Clock::now();
  for (size_t i = 0; i < plan.output_count; ++i) {
    if (plan.in_place()) {
      std::memcpy(plan.inputs[i] + begin * size, outputs[i], n * size);
    } else {
      char* data = ResultOf(item).mutable_outputs(static_cast<int>(i))->mutable_data()->data();
      ConvertElements(plan.kernel->dtype, outputs[i], plan.output_dtype, data + begin * SizeBytes(plan.output_dtype),
                      n);
    }
  }
  item.copy_ns.fetch_add(Nanoseconds(Clock::now() - computed), std::memory_order_relaxed);
}

bool EvaluateJob::HasFailed(const Item& item) {
  MutexLock lock(failure_mutex_);
  return !item.failure.ok();
}

void EvaluateJob::Fail(Item& item, const absl::Status& status) {
  MutexLock lock(failure_mutex_);
  if (item.failure.ok()) item.failure = status;
}

void EvaluateJob::AllocateOutputs() {
  for (size_t i = 0; i < item_count_; ++i) {
    Item& item = items_[i];
    if (!item.plan.ok() || item.plan->in_place()) continue;
    const Clock::time_point start = Clock::now();
    for (size_t j = 0; j < item.plan->output_count; ++j) {
      v1::Tensor& output = *ResultOf(item).add_outputs();
      output.set_dtype(ToProto(item.plan->output_dtype));
      *output.mutable_shape() = item.plan->item->inputs(0).shape();
      output.mutable_data()->resize(item.plan->elements * SizeBytes(item.plan->output_dtype));
    }
    item.copy_ns = Nanoseconds(Clock::now() - start);
  }
}

void EvaluateJob::Done(const absl::Status& status) {
  for (size_t i = 0; status.ok() && i < item_count_; ++i) {
    WriteResult(items_[i], *request_.mutable_items(static_cast<int>(i)), ResultOf(items_[i]));
  }
  // Whoever is told may delete the job at once, on another thread.
  const std::function<void(const absl::Status&)> done = std::move(done_);
  done(status);
}

void EvaluateJob::WriteResult(Item& item, v1::EvaluateItem& request, v1::EvaluateResult& result) {
  const absl::Status& status = item.plan.ok() ? item.failure : item.plan.status();
  if (!status.ok()) {
    if (IsRefusal(status)) metrics_.Rejected("Evaluate", ToRejection(status));
    result.Clear();
    if (request.id().size() <= kMaxIdBytes) result.set_id(std::move(*request.mutable_id()));
    result.mutable_status()->set_code(static_cast<int>(status.code()));
    result.mutable_status()->set_message(std::string(status.message()));
    return;
  }
  result.set_allocated_id(request.release_id());
  const EvaluatePlan& plan = *item.plan;
  result.mutable_status();  // OK, and there
  if (plan.in_place()) {
    for (size_t i = 0; i < plan.output_count; ++i) {
      result.add_outputs()->Swap(request.mutable_inputs(static_cast<int>(i)));
    }
  }
  ToProto(*plan.kernel, *result.mutable_kernel());
  v1::PhaseTimes& times = *result.mutable_times();
  times.set_queue_ns(item.queue_ns);
  times.set_compute_ns(item.compute_ns);
  times.set_copy_ns(item.copy_ns);
  times.set_to_device_ns(item.to_device_ns);
  times.set_from_device_ns(item.from_device_ns);
  if (plan.meter.has_value()) WriteError(item, *result.mutable_error());
  for (size_t i = 0; i < plan.parameters.size(); ++i) {
    (*result.mutable_parameters())[std::string(plan.activation->Parameters()[i].name)] = plan.parameters[i];
  }
  const size_t written = plan.elements * plan.output_count * SizeBytes(plan.kernel->dtype);
  metrics_.KernelRan(*plan.kernel, absl::Nanoseconds(item.compute_ns.load()), static_cast<int64_t>(plan.elements),
                     plan.input_bytes() + static_cast<int64_t>(written));
  if (self_check_ != nullptr) self_check_->Served(*plan.kernel);
}

void EvaluateJob::WriteError(const Item& item, v1::ErrorReport& report) const {
  // In the order of the elements, so that the sum does not depend on which worker ran what.
  ErrorReport error = pieces_[item.first_piece].error;
  for (size_t i = item.first_piece + 1; i < item.end_piece; ++i) error = Merge(error, pieces_[i].error);
  report.set_max_ulp(error.max_ulp);
  report.set_mean_ulp(error.MeanUlp());
  report.set_worst_input(error.worst_input);
  report.set_worst_input_bits(BitsText(item.plan->kernel->dtype, error.worst_bits));
  report.set_checked(static_cast<int64_t>(error.checked));
  report.set_worst_index(static_cast<int64_t>(error.worst_index));
}

v1::EvaluateResult& EvaluateJob::ResultOf(const Item& item) {
  return *response_.mutable_results(static_cast<int>(&item - items_.get()));
}

}  // namespace actbench
