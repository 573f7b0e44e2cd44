// SPDX-License-Identifier: Apache-2.0
// The program cuda_link: how fast pinned memory is copied to the first GPU, back, and both ways at a time. What
// evaluating on it is measured against. Status 2 if there is no GPU or it failed.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/cuda/cuda_device.h"

namespace actbench::cuda {
namespace {

constexpr size_t kBytes = size_t{64} << 20;  // each way
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
absl::StatusOr<int64_t> Time(Device& device, std::array<Way, 2>& ways, bool to_device, bool from_device) {
  std::vector<int64_t> times;
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
    times.push_back(longest);
  }
  std::nth_element(times.begin(), times.begin() + kTimes / 2, times.end());
  return times[kTimes / 2];
}

int Main() {
  const auto [devices, warnings] = FindDevices();
  for (const std::string& warning : warnings) std::fprintf(stderr, "cuda_link: %s\n", warning.c_str());
  if (devices.empty()) return std::fprintf(stderr, "cuda_link: there is no GPU here\n"), 2;
  CudaDevice device(devices[0].ordinal, devices[0].processors);
  std::array<Way, 2> ways;
  absl::Status status;
  for (Way& way : ways) {
    if (status.ok()) status = way.Prepare(device);
  }
  std::printf("| 64 MiB of pinned memory | ms | GB/s each way |\n|---|---|---|\n");
  for (const auto& [name, to, from] :
       {std::tuple("to the device", true, false), {"from the device", false, true}, {"both at a time", true, true}}) {
    const absl::StatusOr<int64_t> ns = status.ok() ? Time(device, ways, to, from) : status;
    if (!ns.ok()) return std::fprintf(stderr, "cuda_link: %s\n", ns.status().ToString().c_str()), 2;
    const auto passed = static_cast<double>(*ns);
    std::printf("| %s | %.3f | %.2f |\n", name, 1e-6 * passed, static_cast<double>(kBytes) / passed);
  }
  return 0;
}

}  // namespace
}  // namespace actbench::cuda

int main() { return actbench::cuda::Main(); }
