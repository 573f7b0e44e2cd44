// SPDX-License-Identifier: Apache-2.0
#include "server/self_check.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/accuracy/error.h"
#include "kernels/accuracy/tally.h"
#include "server/random.h"

namespace actbench {
namespace {

// Elements of a chunk, which is to take less than 1 ms: a definition takes 0.1 to 1 us, in f64 10 to 100 us.
constexpr size_t kChunkElements = 256;
constexpr size_t kChunkElementsF64 = 4;

// How often to look whether a kernel has served, while none has.
constexpr absl::Duration kIdle = absl::Seconds(1);
// What waking this thread and a worker takes beside the check itself.
constexpr absl::Duration kOverhead = absl::Microseconds(50);

// Zeros, infinities, NaN, 1, and the ends of the subnormal and normal numbers.
std::vector<double> SpecialValues(const DtypeInfo& format) {
  const double least_normal = std::ldexp(1.0, format.min_exponent);
  const double least = std::ldexp(least_normal, 1 - format.precision);
  const double largest = std::ldexp(2 - std::ldexp(1.0, 1 - format.precision), format.max_exponent);
  std::vector<double> values = {1, std::numeric_limits<double>::quiet_NaN()};
  for (const double x :
       {0.0, least, least_normal - least, least_normal, largest, std::numeric_limits<double>::infinity()}) {
    values.push_back(x);
    values.push_back(-x);
  }
  values.push_back(-1);
  return values;
}

// Element `sample` of the endless sequence of inputs: every combination of special values first, then every bit pattern
// is as likely as any other, but dy is 1 in every fourth. `input` of `input_count`; dy is the last of a gradient's.
void StoreInput(const DtypeInfo& format, Direction direction, uint64_t sample, size_t input, size_t input_count,
                const std::vector<double>& special, void* data) {
  uint64_t place = sample;
  for (size_t i = 0; i < input; ++i) place /= special.size();
  uint64_t combinations = 1;
  for (size_t i = 0; i < input_count; ++i) combinations *= special.size();
  if (sample < combinations) return StoreElement(format.dtype, special[place % special.size()], data);
  const bool is_dy = direction == Direction::kGradient && input + 1 == input_count;
  if (is_dy && sample % 4 == 0) return StoreElement(format.dtype, 1, data);
  const uint64_t bits = Mix(sample * 3 + input);
  std::memcpy(data, &bits, format.size_bytes);
}

}  // namespace

// Some elements of one kernel.
class SelfCheck::Chunk final : public Job {
 public:
  Chunk(const Kernel& kernel, uint64_t first_sample, size_t count, Metrics& metrics)
      : kernel_(kernel), first_sample_(first_sample), count_(count), metrics_(metrics) {}

  JobClass job_class() const override { return JobClass::kBackground; }
  size_t chunk_count() const override { return 1; }
  void RunChunk(size_t /*chunk*/) override {
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    CheckKernel();
    spent_ = absl::FromChrono(std::chrono::steady_clock::now() - start);
  }
  void Done(const absl::Status& /*status*/) override {
    // With the mutex, as whoever waits may then delete this at once.
    MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }

  void Wait() {
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
  }
  absl::Duration spent() const { return spent_; }

 private:
  void CheckKernel() const;

  const Kernel& kernel_;
  const uint64_t first_sample_;
  const size_t count_;
  Metrics& metrics_;
  absl::Duration spent_;
  Mutex mutex_;
  Condition changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

void SelfCheck::Chunk::CheckKernel() const {
  const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(kernel_.activation);
  if (!activation.ok()) return;
  std::vector<double> parameters;
  for (const Parameter& parameter : (*activation)->Parameters()) parameters.push_back(parameter.default_value);
  const PreparedKernel prepared(kernel_.functions, parameters.data(), nullptr);
  if (!prepared.ok()) return;
  const bool forward = kernel_.direction == Direction::kForward;
  const DtypeInfo& format = Info(kernel_.dtype);
  std::vector<std::vector<char>> inputs((*activation)->inputs + (forward ? 0 : 1));
  std::vector<std::vector<char>> outputs(forward ? 1 : (*activation)->inputs);
  std::vector<const void*> input_data;
  std::vector<void*> output_data;
  const std::vector<double> special = SpecialValues(format);
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].resize(count_ * format.size_bytes);
    input_data.push_back(inputs[i].data());
    for (size_t n = 0; n < count_; ++n) {
      StoreInput(format, kernel_.direction, first_sample_ + n, i, inputs.size(), special,
                 inputs[i].data() + n * format.size_bytes);
    }
  }
  for (std::vector<char>& output : outputs) {
    output.resize(count_ * format.size_bytes);
    output_data.push_back(output.data());
  }
  prepared.Run(input_data, output_data, count_);
  const ErrorMeter meter(**activation, kernel_.direction, kernel_.dtype, std::move(parameters));
  Tally tally(kernel_.dtype);
  std::vector<double> errors;
  for (size_t i = 0; i < outputs.size(); ++i) {
    meter.AddTo(tally, &errors, input_data, output_data[i], 0, count_, i);
  }
  metrics_.AccuracyChecked(kernel_, AccuracySource::kSelfCheck, tally.Report(), errors);
}

SelfCheck::SelfCheck(const Catalog& catalog, Scheduler& scheduler, Metrics& metrics)
    : catalog_(catalog),
      scheduler_(scheduler),
      metrics_(metrics),
      served_(new std::atomic<bool>[catalog.kernels().size()]()),
      samples_done_(catalog.kernels().size()) {}

void SelfCheck::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SelfCheck::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (current_ != nullptr) scheduler_.Cancel(*current_, absl::UnavailableError("the server is stopping"));
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void SelfCheck::Served(const Kernel& kernel) {
  std::atomic<bool>& served = served_[static_cast<size_t>(&kernel - catalog_.kernels().data())];
  if (!served.load(std::memory_order_relaxed)) served.store(true, std::memory_order_relaxed);
}

absl::Duration SelfCheck::Rest(absl::Duration spent, absl::Duration since_start) {
  return (spent + kOverhead) * (since_start < absl::Minutes(1) ? 9 : 124);
}

void SelfCheck::Run() {
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  size_t place = 0;
  absl::Duration rest = absl::ZeroDuration();
  while (Sleep(rest)) {
    rest = kIdle;
    const std::optional<size_t> next = NextServed(place);
    if (!next.has_value()) continue;
    place = *next;
    const std::optional<absl::Duration> spent = Check(place);
    if (spent.has_value()) rest = Rest(*spent, absl::FromChrono(std::chrono::steady_clock::now() - start));
  }
}

std::optional<size_t> SelfCheck::NextServed(size_t place) const {
  const size_t count = catalog_.kernels().size();
  for (size_t i = 1; i <= count; ++i) {
    const size_t next = (place + i) % count;
    if (served_[next].load(std::memory_order_relaxed)) return next;
  }
  return std::nullopt;
}

std::optional<absl::Duration> SelfCheck::Check(size_t place) {
  const Kernel& kernel = catalog_.kernels()[place];
  const size_t count = kernel.dtype == Dtype::kF64 ? kChunkElementsF64 : kChunkElements;
  Chunk chunk(kernel, samples_done_[place], count, metrics_);
  {
    MutexLock lock(mutex_);
    if (stopping_ || !scheduler_.Submit(chunk).ok()) return std::nullopt;
    current_ = &chunk;
  }
  chunk.Wait();
  MutexLock lock(mutex_);
  current_ = nullptr;
  samples_done_[place] += count;
  return chunk.spent();
}

bool SelfCheck::Sleep(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  MutexLock lock(mutex_);
  while (!stopping_ && absl::Now() < end) changed_.WaitUntil(mutex_, end);
  return !stopping_;
}

}  // namespace actbench
