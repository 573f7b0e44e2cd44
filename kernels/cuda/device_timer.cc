// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_timer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "kernels/measure/statistics.h"

namespace actbench::cuda {
namespace {

// What goes to the device at a time, through pinned memory.
constexpr size_t kUploadBytes = size_t{4} << 20;

class Timer final : public DeviceTimer {
 public:
  Timer(std::shared_ptr<const TimedGpu> gpu, const QueuedProgram& program, size_t elements, const TimerManner& manner)
      : gpu_(std::move(gpu)), device_(gpu_->device()), program_(program), manner_(manner) {
    tensor_.elements = elements;
  }

  // Makes everything that is timed.
  absl::Status Prepare(const HostTensor& tensor);

  absl::StatusOr<double> TimeKernel(int64_t calls) override {
    return Time(calls, kernel_graphs_, [this] { return SubmitKernel(); });
  }
  absl::StatusOr<double> TimeCopy(int64_t calls) override {
    return Time(calls, copy_graphs_, [this] { return SubmitCopy(); });
  }
  GpuSensors sensors() const override { return gpu_->clock(); }

 private:
  using Graphs = std::map<int64_t, OwnedGraph>;  // by their calls

  size_t bytes() const { return tensor_.elements * program_.shape.element_bytes; }
  absl::StatusOr<void*> Allocate(size_t size);
  absl::Status Upload(const void* from, void* to);
  absl::Status SubmitKernel();
  absl::Status SubmitCopy();
  // So often, between the two events.
  template <class Submit>
  absl::Status SubmitBetweenEvents(int64_t calls, const Submit& submit);
  absl::StatusOr<int64_t> WaitAndRead();
  template <class Submit>
  absl::StatusOr<double> Time(int64_t calls, Graphs& graphs, const Submit& submit);
  template <class Submit>
  absl::StatusOr<int64_t> TimeCold(const Submit& submit);
  // What TimeCold gives for no work at all.
  absl::StatusOr<int64_t> TimeNothing();
  template <class Submit>
  absl::StatusOr<int64_t> TimeHot(int64_t calls, Graphs& graphs, const Submit& submit);
  template <class Submit>
  absl::StatusOr<int64_t> TimeLaunch(Graphs& graphs, const Submit& submit);

  const std::shared_ptr<const TimedGpu> gpu_;
  Device& device_;
  const QueuedProgram program_;
  const TimerManner manner_;
  TensorBuffers tensor_ = {};
  OwnedStream stream_;
  OwnedEvent start_;
  OwnedEvent end_;
  std::vector<OwnedMemory> memory_;
  OwnedPinned pinned_;
  void* others_ = nullptr;  // what pushes the tensor out of the cache
  size_t others_bytes_ = 0;
  int64_t nothing_ns_ = 0;  // between two events with nothing between them, after such
  Graphs kernel_graphs_;
  Graphs copy_graphs_;
};

absl::StatusOr<void*> Timer::Allocate(size_t size) {
  absl::Status status = Take(device_, device_.Allocate(std::max(size, size_t{1})), memory_.emplace_back());
  if (!status.ok()) return status;
  return memory_.back().get();
}

absl::Status Timer::Prepare(const HostTensor& tensor) {
  absl::Status status = Take(device_, device_.CreateStream(), stream_);
  for (OwnedEvent* event : {&start_, &end_}) {
    if (status.ok()) status = Take(device_, device_.CreateEvent(), *event);
  }
  if (status.ok()) status = Take(device_, device_.AllocatePinned(kUploadBytes), pinned_);
  if (!status.ok()) return status;
  for (size_t i = 0; i < program_.shape.input_count; ++i) {
    const absl::StatusOr<void*> input = Allocate(bytes());
    if (!input.ok()) return input.status();
    tensor_.inputs[i] = *input;
    if (status = Upload(tensor.inputs[i], *input); !status.ok()) return status;
  }
  for (size_t i = 0; i < program_.shape.output_count; ++i) {
    const absl::StatusOr<void*> output = Allocate(bytes());
    if (!output.ok()) return output.status();
    tensor_.outputs[i] = *output;
  }
  static_cast<void>(gpu_->clock());  // loads what reads it, which takes as long as many samples
  // Once outside of a graph: what CUDA loads when it is first needed may not be loaded while it captures.
  status = SubmitKernel();
  if (status.ok()) status = SubmitCopy();
  if (status.ok()) status = device_.Wait(stream_.get());
  if (!status.ok() || !manner_.cold) return status;
  others_bytes_ = 2 * static_cast<size_t>(gpu_->info().l2_bytes);
  const absl::StatusOr<void*> others = Allocate(others_bytes_);
  if (!others.ok()) return others.status();
  others_ = *others;
  const absl::StatusOr<int64_t> nothing = TimeNothing();
  if (nothing.ok()) nothing_ns_ = *nothing;
  return nothing.status();
}

absl::Status Timer::Upload(const void* from, void* to) {
  for (size_t done = 0; done < bytes(); done += kUploadBytes) {
    const size_t count = std::min(kUploadBytes, bytes() - done);
    std::memcpy(pinned_.get(), static_cast<const char*>(from) + done, count);
    absl::Status status = device_.CopyToDevice(static_cast<char*>(to) + done, pinned_.get(), count, stream_.get());
    if (status.ok()) status = device_.Wait(stream_.get());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Timer::SubmitKernel() {
  const ElementShape& shape = program_.shape;
  const bool is_large = bytes() * shape.output_count > static_cast<size_t>(gpu_->info().l2_bytes);
  const Launch launch = {.tensors = &tensor_,
                         .tensor_count = 1,
                         .parameters = program_.parameters.data(),
                         .processor_count = 0,
                         .stream_outputs = is_large,
                         .stream = nullptr};
  return device_.Run(*program_.row, launch, stream_.get());
}

absl::Status Timer::SubmitCopy() {
  return device_.CopyOnDevice(tensor_.outputs[0], tensor_.inputs[0], bytes(), stream_.get());
}

template <class Submit>
absl::Status Timer::SubmitBetweenEvents(int64_t calls, const Submit& submit) {
  absl::Status status = device_.Record(start_.get(), stream_.get());
  for (int64_t i = 0; i < calls && status.ok(); ++i) status = submit();
  return status.ok() ? device_.Record(end_.get(), stream_.get()) : status;
}

absl::StatusOr<int64_t> Timer::WaitAndRead() {
  if (absl::Status status = device_.Wait(stream_.get()); !status.ok()) return status;
  return device_.Nanoseconds(start_.get(), end_.get());
}

template <class Submit>
absl::StatusOr<double> Timer::Time(int64_t calls, Graphs& graphs, const Submit& submit) {
  const bool launches = manner_.launch != LaunchTime::kNone;
  int64_t sum = 0;
  for (int64_t i = 0; i < (launches || manner_.cold ? calls : 1); ++i) {
    const absl::StatusOr<int64_t> ns = launches       ? TimeLaunch(graphs, submit)
                                       : manner_.cold ? TimeCold(submit)
                                                      : TimeHot(calls, graphs, submit);
    if (!ns.ok()) return ns.status();
    sum += *ns;
  }
  return static_cast<double>(sum) / static_cast<double>(calls);
}

// One run, launched while the device still clears other memory; without what the events take themselves.
template <class Submit>
absl::StatusOr<int64_t> Timer::TimeCold(const Submit& submit) {
  absl::Status status = device_.Clear(others_, others_bytes_, stream_.get());
  if (status.ok()) status = SubmitBetweenEvents(1, submit);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> ns = WaitAndRead();
  return ns.ok() ? std::max(*ns - nothing_ns_, int64_t{1}) : ns;
}

absl::StatusOr<int64_t> Timer::TimeNothing() {
  std::array<double, 9> times;
  for (double& time : times) {
    const absl::StatusOr<int64_t> ns = TimeCold([] { return absl::OkStatus(); });
    if (!ns.ok()) return ns.status();
    time = static_cast<double>(*ns);
  }
  return static_cast<int64_t>(Median(absl::MakeSpan(times)));
}

// So many by a graph, which has the events in it: recorded on the idle stream, the first would pass before the host has
// launched the graph.
template <class Submit>
absl::StatusOr<int64_t> Timer::TimeHot(int64_t calls, Graphs& graphs, const Submit& submit) {
  OwnedGraph& graph = graphs[calls];
  absl::Status status;
  if (graph == nullptr) {
    status = Capture(
        device_, stream_.get(), [&] { return SubmitBetweenEvents(calls, submit); }, graph);
  }
  if (status.ok()) status = device_.LaunchGraph(graph.get(), stream_.get());
  return status.ok() ? WaitAndRead() : status;
}

// One run, as a host meets it that has work for an idle device.
template <class Submit>
absl::StatusOr<int64_t> Timer::TimeLaunch(Graphs& graphs, const Submit& submit) {
  const bool by_graph = manner_.launch == LaunchTime::kGraph;
  OwnedGraph& graph = graphs[1];
  absl::Status status;
  if (by_graph && graph == nullptr) status = Capture(device_, stream_.get(), submit, graph);
  if (status.ok() && manner_.cold) {
    status = device_.Clear(others_, others_bytes_, stream_.get());
    if (status.ok()) status = device_.Wait(stream_.get());
  }
  if (!status.ok()) return status;
  const auto start = std::chrono::steady_clock::now();
  status = by_graph ? device_.LaunchGraph(graph.get(), stream_.get()) : submit();
  if (status.ok()) status = device_.Wait(stream_.get());
  if (!status.ok()) return status;
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceTimer>> MakeDeviceTimer(std::shared_ptr<const TimedGpu> gpu,
                                                             const QueuedProgram& program, const HostTensor& tensor,
                                                             const TimerManner& manner) {
  auto timer = std::make_unique<Timer>(std::move(gpu), program, tensor.elements, manner);
  if (absl::Status status = timer->Prepare(tensor); !status.ok()) return status;
  return std::unique_ptr<DeviceTimer>(std::move(timer));
}

}  // namespace actbench::cuda
