// SPDX-License-Identifier: Apache-2.0
// The program cuda_link: how fast pinned memory is copied to the first GPU, back, and both ways at a time, and how long
// a tensor in the host's other memory takes to be evaluated beside that. What a server's Evaluate is measured against.
// Status 2 if there is no GPU or it failed.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/cuda/device_queue.h"
#include "kernels/cuda/first_device.h"
#include "kernels/measure/host.h"
#include "kernels/measure/statistics.h"

namespace actbench::cuda {
namespace {

constexpr size_t kBytes = size_t{64} << 20;     // each way
constexpr size_t kPartBytes = size_t{4} << 20;  // about what a server's worker evaluates at a time
constexpr int kTimes = 15;

// One way of the link.
struct Way {
  absl::Status Prepare(Device& device) {
    absl::Status status = Take(device, device.CreateStream(), stream);
    for (OwnedEvent* const event : {&start, &end}) {
      if (status.ok()) status = Take(device, device.CreateEvent(), *event);
    }
    if (status.ok()) status = Take(device, device.Allocate(kBytes), memory);
    if (status.ok()) status = Take(device, device.AllocatePinned(kBytes), pinned);
    return status;
  }
  absl::Status Copy(Device& device, bool to_device) {
    absl::Status status = device.Record(start.get(), stream.get());
    if (!status.ok()) return status;
    status = to_device ? device.CopyToDevice(memory.get(), pinned.get(), kBytes, stream.get())
                       : device.CopyFromDevice(pinned.get(), memory.get(), kBytes, stream.get());
    return status.ok() ? device.Record(end.get(), stream.get()) : status;
  }
  absl::StatusOr<int64_t> Wait(Device& device) {
    if (absl::Status status = device.Wait(stream.get()); !status.ok()) return status;
    return device.Nanoseconds(start.get(), end.get());
  }

  OwnedStream stream;
  OwnedEvent start;
  OwnedEvent end;
  OwnedMemory memory;
  OwnedPinned pinned;
};

// The median time of a copy, in ns: of the slower one, where both ways are copied at a time.
absl::StatusOr<double> Time(Device& device, std::array<Way, 2>& ways, bool to_device, bool from_device) {
  std::vector<double> times;
  for (int time = 0; time < kTimes; ++time) {
    absl::Status status;
    if (to_device) status = ways[0].Copy(device, true);
    if (status.ok() && from_device) status = ways[1].Copy(device, false);
    if (!status.ok()) return status;
    int64_t longest = 0;
    for (size_t way = 0; way < ways.size(); ++way) {
      if (way == 0 ? !to_device : !from_device) continue;
      const absl::StatusOr<int64_t> ns = ways[way].Wait(device);
      if (!ns.ok()) return ns.status();
      longest = std::max(longest, *ns);
    }
    times.push_back(static_cast<double>(longest));
  }
  return Median(std::move(times));
}

double NanosecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

// Evaluates all of `x` in its place, part by part, by so many threads.
absl::Status Evaluate(DeviceQueue& queue, const QueuedProgram& program, std::vector<float>& x, int threads) {
  constexpr size_t kPart = kPartBytes / sizeof(float);
  std::atomic<size_t> next = 0;
  std::vector<absl::Status> statuses(static_cast<size_t>(threads));
  std::vector<std::thread> workers;
  workers.reserve(statuses.size());
  for (absl::Status& status : statuses) {
    workers.emplace_back([&] {
      DeviceTimes times;
      for (size_t i = next.fetch_add(kPart); status.ok() && i < x.size(); i = next.fetch_add(kPart)) {
        const HostTensor part = {.inputs = {&x[i]}, .outputs = {&x[i]}, .elements = std::min(kPart, x.size() - i)};
        status = queue.Run(program, {&part, 1}, times);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// `link_ns`: what both ways take at a time.
absl::Status PrintEvaluations(Device& device, double link_ns) {
  const LaunchRow* const row = FindRow("silu", Direction::kForward, Dtype::kF32, "fast");
  if (row == nullptr) return absl::OkStatus();  // a build of few kernels
  DeviceQueue queue("the first GPU", device, {});
  const QueuedProgram program = {row, {1, 1, sizeof(float)}, {}};
  std::vector<float> x(kBytes / sizeof(float));
  std::printf(
      "\n| 64 MiB evaluated, in the host's memory | ms | GB/s each way | of pinned memory |\n|---|---|---|---|\n");
  for (int threads = 1; threads <= AvailableCpus(); threads *= 2) {
    std::vector<double> times;
    for (int time = 0; time < kTimes; ++time) {
      const auto start = std::chrono::steady_clock::now();
      if (absl::Status status = Evaluate(queue, program, x, threads); !status.ok()) return status;
      times.push_back(NanosecondsSince(start));
    }
    const double ns = Median(std::move(times));
    std::printf("| threads: %d | %.3f | %.2f | %.1f %% |\n", threads, 1e-6 * ns, static_cast<double>(kBytes) / ns,
                100 * link_ns / ns);
  }
  return absl::OkStatus();
}

int Main() {
  const std::unique_ptr<CudaDevice> device = OpenFirstDevice("cuda_link");
  if (device == nullptr) return 2;
  std::array<Way, 2> ways;
  absl::Status status;
  for (Way& way : ways) {
    if (status.ok()) status = way.Prepare(*device);
  }
  std::printf("| 64 MiB of pinned memory | ms | GB/s each way |\n|---|---|---|\n");
  double both_ns = 0;
  for (const auto& [name, to, from] :
       {std::tuple("to the device", true, false), {"from the device", false, true}, {"both at a time", true, true}}) {
    const absl::StatusOr<double> ns = status.ok() ? Time(*device, ways, to, from) : status;
    if (!ns.ok()) return std::fprintf(stderr, "cuda_link: %s\n", ns.status().ToString().c_str()), 2;
    std::printf("| %s | %.3f | %.2f |\n", name, 1e-6 * *ns, static_cast<double>(kBytes) / *ns);
    both_ns = *ns;  // the last
  }
  status = PrintEvaluations(*device, both_ns);
  return status.ok() ? 0 : (std::fprintf(stderr, "cuda_link: %s\n", status.ToString().c_str()), 2);
}

}  // namespace
}  // namespace actbench::cuda

int main() { return actbench::cuda::Main(); }
