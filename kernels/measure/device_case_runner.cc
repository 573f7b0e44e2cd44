// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/device_case_runner.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "kernels/measure/case_buffers.h"
#include "kernels/measure/host.h"
#include "kernels/measure/statistics.h"

namespace actbench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kWarmUp{20};
// How long a sample is to take. Events are read to half a microsecond, and what is between them and the first and last
// kernel takes 1 or 2; cold samples are of one call each, and a call takes longer than its time.
constexpr double kSampleNs = 1'000'000;
constexpr double kColdSampleNs = 100'000;
constexpr double kLaunchSampleNs = 1;  // each call, as each is a wait of its own
constexpr int64_t kMostCalls = 256;    // nodes of a graph
constexpr double kLeastClock = 0.95;
constexpr double kGigahertz = 1e9;

struct Sample {
  double ns = 0;        // of a call
  double clock_hz = 0;  // 0 where it is not known
  bool throttled = false;
};

struct Samples {
  std::vector<Sample> samples;
  int64_t calls = 1;
};

// Which samples count.
struct Counted {
  std::vector<double> ns;
  double clock_hz;  // the slowest of them
  bool throttled;   // most would not, so all do
};

Counted CountedOf(const std::vector<Sample>& samples, double fastest_clock_hz) {
  const auto counts = [&](const Sample& sample) {
    return !sample.throttled && sample.clock_hz >= kLeastClock * fastest_clock_hz;
  };
  const auto count = std::count_if(samples.begin(), samples.end(), counts);
  Counted counted = {
      .ns = {}, .clock_hz = fastest_clock_hz, .throttled = 2 * static_cast<size_t>(count) < samples.size()};
  for (const Sample& sample : samples) {
    if (!counted.throttled && !counts(sample)) continue;
    counted.ns.push_back(sample.ns);
    counted.clock_hz = std::min(counted.clock_hz, sample.clock_hz);
  }
  return counted;
}

using TimeCalls = absl::FunctionRef<absl::StatusOr<double>(int64_t)>;

// A power of two, as each number of calls is a graph that is kept.
int64_t CallsOf(double sample_ns, double ns) {
  const double most = std::clamp(sample_ns / std::max(ns, 1.0), 1.0, static_cast<double>(kMostCalls));
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(most)));
}

double SampleNs(const BenchmarkCase& benchmark) {
  if (benchmark.launch != LaunchTime::kNone) return kLaunchSampleNs;
  return benchmark.cache == CacheState::kCold ? kColdSampleNs : kSampleNs;
}

// Until `time` is over, but at least one, after some that do not count, the last of them of as many calls.
absl::StatusOr<Samples> TakeSamples(const DeviceTimer& timer, TimeCalls time_calls, double sample_ns,
                                    std::chrono::nanoseconds time) {
  Samples taken;
  for (const auto warm_up = SteadyClock::now();;) {
    const absl::StatusOr<double> ns = time_calls(taken.calls);
    if (!ns.ok()) return ns.status();
    if (SteadyClock::now() - warm_up >= kWarmUp) break;
    taken.calls = CallsOf(sample_ns, *ns);
  }
  const auto begin = SteadyClock::now();
  while (taken.samples.empty() || SteadyClock::now() - begin < time) {
    const absl::StatusOr<double> sample = time_calls(taken.calls);
    if (!sample.ok()) return sample.status();
    const GpuSensors sensors = timer.sensors();
    taken.samples.push_back({*sample, sensors.clock_hz > 0 ? sensors.clock_hz : 0, sensors.throttled == 1});
  }
  return taken;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CaseRunner>> DeviceCaseRunner::Make(const BenchmarkCase& benchmark,
                                                                   uint64_t layout_seed) {
  const Kernel& kernel = *benchmark.kernel;
  if (benchmark.threads != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads is ", benchmark.threads, ", but ", kernel.device, " is asked by one"));
  }
  if (benchmark.in_place || !benchmark.rivals.empty()) {
    return absl::UnimplementedError(
        absl::StrCat(kernel.Name(), " runs on ", kernel.device, ", where nothing is timed in place or in turns"));
  }
  const absl::StatusOr<CaseBuffers> buffers = CaseBuffers::Make(benchmark, layout_seed);
  if (!buffers.ok()) return buffers.status();
  HostTensor tensor = {.elements = benchmark.elements};
  std::copy(buffers->inputs().begin(), buffers->inputs().end(), tensor.inputs.begin());
  std::shared_ptr<const DeviceProgram> program = kernel.on_device->Prepare(benchmark.parameters.data());
  absl::StatusOr<std::unique_ptr<DeviceTimer>> timer =
      program->MakeTimer(tensor, {.cold = benchmark.cache == CacheState::kCold, .launch = benchmark.launch});
  if (!timer.ok()) return timer.status();
  return std::unique_ptr<CaseRunner>(new DeviceCaseRunner(benchmark, std::move(program), *std::move(timer)));
}

absl::StatusOr<Slice> DeviceCaseRunner::Run(std::chrono::nanoseconds time) {
  const NoiseCounters before = ReadNoise();
  const double sample_ns = SampleNs(benchmark_);
  absl::StatusOr<Samples> kernel = TakeSamples(
      *timer_, [this](int64_t calls) { return timer_->TimeKernel(calls); }, sample_ns, time * 4 / 5);
  if (!kernel.ok()) return kernel.status();
  absl::StatusOr<Samples> copy = TakeSamples(
      *timer_, [this](int64_t calls) { return timer_->TimeCopy(calls); }, sample_ns, time / 5);
  if (!copy.ok()) return copy.status();
  Slice slice;
  slice.calls_per_sample = kernel->calls;
  slice.noise = NoiseBetween(before, ReadNoise(), AvailableCpus());
  double fastest = 0;
  for (const Samples* samples : {&*kernel, &*copy}) {
    for (const Sample& sample : samples->samples) fastest = std::max(fastest, sample.clock_hz);
  }
  Counted of_kernel = CountedOf(kernel->samples, fastest);
  const Counted of_copy = CountedOf(copy->samples, fastest);
  slice.gpu_throttled = of_kernel.throttled || of_copy.throttled;
  slice.ns_per_call = std::move(of_kernel.ns);
  std::sort(slice.ns_per_call.begin(), slice.ns_per_call.end());
  slice.clock_ghz = of_kernel.clock_hz / kGigahertz;
  slice.copy_ns = Median(of_copy.ns);
  return slice;
}

}  // namespace actbench
