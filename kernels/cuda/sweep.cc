// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/sweep.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace actbench::cuda {
namespace {

// What a sweep has of a device.
class SweepRun {
 public:
  SweepRun(Device& device, const SweepRows& rows, const std::vector<double>& parameters, size_t element_bytes)
      : device_(device), rows_(rows), parameters_(parameters), element_bytes_(element_bytes) {}

  absl::Status Prepare(size_t step, const LaunchRow& kernel, const LaunchRow& exact);
  absl::Status Compare(const LaunchRow& kernel, const LaunchRow& exact, uint64_t first, size_t count);
  absl::StatusOr<SweepResult> Result(uint64_t inputs);

 private:
  enum Buffer { kX, kUpstream, kGot, kExpected, kCounts, kBuffers };

  absl::Status Launch(const LaunchRow& row, std::array<Buffer, 2> inputs, Buffer output, size_t count,
                      const double* parameters);

  Device& device_;
  const SweepRows& rows_;
  const std::vector<double>& parameters_;
  const size_t element_bytes_;
  OwnedStream stream_;
  OwnedEvent start_;
  OwnedEvent end_;
  std::array<OwnedMemory, kBuffers> buffers_;
  OwnedPinned pinned_;
};

absl::Status SweepRun::Prepare(size_t step, const LaunchRow& kernel, const LaunchRow& exact) {
  absl::Status status = Take(device_, device_.CreateStream(), stream_);
  for (OwnedEvent* const event : {&start_, &end_}) {
    if (status.ok()) status = Take(device_, device_.CreateEvent(), *event);
  }
  for (size_t i = 0; i < kBuffers && status.ok(); ++i) {
    status = Take(device_, device_.Allocate(i == kCounts ? sizeof(SweepCounts) : step * element_bytes_), buffers_[i]);
  }
  if (status.ok()) status = Take(device_, device_.AllocatePinned(sizeof(SweepCounts)), pinned_);
  if (status.ok()) status = device_.Clear(buffers_[kCounts].get(), sizeof(SweepCounts), stream_.get());
  if (status.ok()) status = Launch(rows_.ones, {kX, kX}, kUpstream, step, nullptr);
  if (status.ok()) status = device_.Wait(stream_.get());
  for (const LaunchRow* const row : {&rows_.fill, &rows_.compare, &kernel, &exact}) {
    if (status.ok()) status = device_.Load(*row);
  }
  return status.ok() ? device_.Record(start_.get(), stream_.get()) : status;
}

absl::Status SweepRun::Launch(const LaunchRow& row, std::array<Buffer, 2> inputs, Buffer output, size_t count,
                              const double* parameters) {
  const TensorBuffers tensor = {.inputs = {buffers_[inputs[0]].get(), buffers_[inputs[1]].get(), nullptr},
                                .outputs = {buffers_[output].get(), nullptr},
                                .elements = count};
  const struct Launch launch = {.tensors = &tensor,
                                .tensor_count = 1,
                                .parameters = parameters,
                                .processor_count = 0,
                                .stream_outputs = true,
                                .stream = nullptr};
  return device_.Run(row, launch, stream_.get());
}

absl::Status SweepRun::Compare(const LaunchRow& kernel, const LaunchRow& exact, uint64_t first, size_t count) {
  const auto start = static_cast<double>(first);
  absl::Status status = Launch(rows_.fill, {kX, kX}, kX, count, &start);
  if (status.ok()) status = Launch(kernel, {kX, kUpstream}, kGot, count, parameters_.data());
  if (status.ok()) status = Launch(exact, {kX, kUpstream}, kExpected, count, parameters_.data());
  if (status.ok()) status = Launch(rows_.compare, {kGot, kExpected}, kCounts, count, &start);
  return status;
}

absl::StatusOr<SweepResult> SweepRun::Result(uint64_t inputs) {
  absl::Status status = device_.Record(end_.get(), stream_.get());
  if (status.ok()) {
    status = device_.CopyFromDevice(pinned_.get(), buffers_[kCounts].get(), sizeof(SweepCounts), stream_.get());
  }
  if (status.ok()) status = device_.Wait(stream_.get());
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> ns = device_.Nanoseconds(start_.get(), end_.get());
  if (!ns.ok()) return ns.status();
  SweepCounts counts;
  std::memcpy(&counts, pinned_.get(), sizeof(counts));
  return SweepResult{.inputs = inputs,
                     .differing = counts.differing,
                     .max_distance = static_cast<uint32_t>(counts.worst >> 32),
                     .worst_bits = static_cast<uint32_t>(counts.worst),
                     .seconds = 1e-9 * static_cast<double>(*ns)};
}

}  // namespace

absl::StatusOr<SweepResult> Sweep(Device& device, const SweepRows& rows, const LaunchRow& kernel,
                                  const LaunchRow& exact, const std::vector<double>& parameters, int bits,
                                  size_t step) {
  const uint64_t inputs = uint64_t{1} << bits;
  const size_t most = static_cast<size_t>(std::min<uint64_t>(step, inputs));
  SweepRun run(device, rows, parameters, static_cast<size_t>(bits) / 8);
  absl::Status status = run.Prepare(most, kernel, exact);
  for (uint64_t first = 0; status.ok() && first < inputs; first += most) {
    status = run.Compare(kernel, exact, first, static_cast<size_t>(std::min<uint64_t>(most, inputs - first)));
  }
  if (!status.ok()) return status;
  return run.Result(inputs);
}

}  // namespace actbench::cuda
