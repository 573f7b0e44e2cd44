// SPDX-License-Identifier: Apache-2.0
#include "server/self_check.h"

#include <chrono>
#include <cstring>

#include "kernels/accuracy/error.h"
#include "kernels/accuracy/special_values.h"
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

// The inputs of a kernel, numbered without end: every combination of special values first, then every bit pattern is as
// likely as any other, but dy is 1 in every fourth.
class Samples {
 public:
  Samples(const ActivationInfo& activation, const std::vector<double>& parameters, const Kernel& kernel)
      : format_(Info(kernel.dtype)), has_upstream_(kernel.direction == Direction::kGradient) {
    // dy, the last, has no kinks.
    for (size_t i = 0; i < InputCount(activation, kernel.direction); ++i) {
      special_.push_back(SpecialInputs(activation, parameters.data(), i, kernel.dtype));
      combinations_ *= special_.back().size();
    }
  }

  size_t input_count() const { return special_.size(); }

  // Stores what input number `input` is in sample number `sample`.
  void Store(uint64_t sample, size_t input, void* data) const {
    if (sample < combinations_) {
      uint64_t place = sample;
      for (size_t i = 0; i < input; ++i) place /= special_[i].size();
      std::memcpy(data, &special_[input][place % special_[input].size()].bits, format_.size_bytes);
      return;
    }
    const bool is_dy = has_upstream_ && input + 1 == input_count();
    if (is_dy && sample % 4 == 0) return StoreElement(format_.dtype, 1, data);
    const uint64_t bits = Mix(sample * 3 + input);
    std::memcpy(data, &bits, format_.size_bytes);
  }

 private:
  const DtypeInfo& format_;
  const bool has_upstream_;
  std::vector<std::vector<SpecialInput>> special_;  // by input
  uint64_t combinations_ = 1;
};

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
  const PreparedKernel prepared(kernel_, parameters.data());
  if (!prepared.ok()) return;
  const Samples samples(**activation, parameters, kernel_);
  const size_t size = SizeBytes(kernel_.dtype);
  std::vector<std::vector<char>> inputs(samples.input_count());
  std::vector<std::vector<char>> outputs(kernel_.direction == Direction::kForward ? 1 : (*activation)->inputs);
  std::vector<const void*> input_data;
  std::vector<void*> output_data;
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].resize(count_ * size);
    input_data.push_back(inputs[i].data());
    for (size_t n = 0; n < count_; ++n) samples.Store(first_sample_ + n, i, inputs[i].data() + n * size);
  }
  for (std::vector<char>& output : outputs) {
    output.resize(count_ * size);
    output_data.push_back(output.data());
  }
  if (!prepared.Run(input_data, output_data, count_).ok()) return;  // a device is lost: nothing to be learnt of kernels
  const ErrorMeter meter(**activation, kernel_.direction, kernel_.dtype, parameters);
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
