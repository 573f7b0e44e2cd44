// SPDX-License-Identifier: Apache-2.0
#include "server/live_accuracy.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "kernels/accuracy/error.h"
#include "kernels/accuracy/tally.h"
#include "kernels/catalog.h"
#include "server/random.h"

namespace actbench {
namespace {

// Elements of a chunk, which is to take less than 1 ms: a definition in f64 takes 10 to 100 us.
constexpr size_t kChunkElements = 8;

}  // namespace

LiveSamples::LiveSamples(const ActivationInfo& item_activation, const Kernel& item_kernel,
                         std::vector<double> item_parameters, std::vector<size_t> chosen)
    : activation(&item_activation),
      kernel(&item_kernel),
      parameters(std::move(item_parameters)),
      positions(std::move(chosen)) {
  const size_t bytes = positions.size() * SizeBytes(kernel->dtype);
  for (size_t i = 0; i < InputCount(*activation, kernel->direction); ++i) inputs[i].resize(bytes);
  for (size_t i = 0; i < OutputCount(*activation, kernel->direction); ++i) outputs[i].resize(bytes);
}

template <size_t kCount>
void LiveSamples::Copy(absl::Span<const void* const> data, size_t begin, size_t end,
                       std::array<std::vector<char>, kCount>& buffers) const {
  const size_t size = SizeBytes(kernel->dtype);
  for (auto it = std::lower_bound(positions.begin(), positions.end(), begin); it != positions.end() && *it < end;
       ++it) {
    const auto place = static_cast<size_t>(it - positions.begin());
    for (size_t i = 0; i < data.size(); ++i) {
      std::memcpy(buffers[i].data() + place * size, static_cast<const char*>(data[i]) + (*it - begin) * size, size);
    }
  }
}

void LiveSamples::CopyInputs(absl::Span<const void* const> data, size_t begin, size_t end) {
  Copy(data, begin, end, inputs);
}

void LiveSamples::CopyOutputs(absl::Span<const void* const> data, size_t begin, size_t end) {
  Copy(data, begin, end, outputs);
}

// Deletes itself when it is done.
class LiveAccuracy::CheckJob final : public Job {
 public:
  CheckJob(LiveAccuracy& live, std::vector<std::unique_ptr<LiveSamples>> samples) : live_(live) {
    for (std::unique_ptr<LiveSamples>& item : samples) {
      for (size_t begin = 0; begin < item->positions.size(); begin += kChunkElements) {
        chunks_.push_back({item.get(), begin, std::min(begin + kChunkElements, item->positions.size())});
      }
      elements_ += item->positions.size();
    }
    samples_ = std::move(samples);
  }
  ~CheckJob() override { live_.waiting_ -= elements_; }

  JobClass job_class() const override { return JobClass::kBackground; }
  size_t chunk_count() const override { return chunks_.size(); }
  void RunChunk(size_t chunk) override;
  void Done(const absl::Status& /*status*/) override { delete this; }

  size_t elements() const { return elements_; }

 private:
  struct Chunk {
    const LiveSamples* samples;
    size_t begin;
    size_t end;
  };

  LiveAccuracy& live_;
  std::vector<std::unique_ptr<LiveSamples>> samples_;
  std::vector<Chunk> chunks_;
  size_t elements_ = 0;
};

void LiveAccuracy::CheckJob::RunChunk(size_t chunk) {
  const auto& [samples, begin, end] = chunks_[chunk];
  const Kernel& kernel = *samples->kernel;
  const size_t offset = begin * SizeBytes(kernel.dtype);
  std::vector<const void*> inputs;
  for (const std::vector<char>& input : samples->inputs) {
    if (!input.empty()) inputs.push_back(input.data() + offset);
  }
  const ErrorMeter meter(*samples->activation, kernel.direction, kernel.dtype, samples->parameters);
  Tally tally(kernel.dtype);
  std::vector<double> errors;
  for (size_t i = 0; i < samples->outputs.size() && !samples->outputs[i].empty(); ++i) {
    meter.AddTo(tally, &errors, inputs, samples->outputs[i].data() + offset, 0, end - begin, i);
  }
  live_.metrics_.AccuracyChecked(kernel, AccuracySource::kLive, tally.Report(), errors);
}

double LiveAccuracy::Random() { return ToUnit(Mix(draws_.fetch_add(1, std::memory_order_relaxed))); }

std::vector<std::vector<size_t>> LiveAccuracy::Choose(absl::Span<const size_t> elements) {
  if (rate_ <= 0) return {};
  const auto all = static_cast<double>(std::accumulate(elements.begin(), elements.end(), size_t{0}));
  // As many as the rate wants on average.
  const auto wanted = static_cast<size_t>(std::min(all * rate_ + Random(), static_cast<double>(kMaxOfRequest)));
  if (wanted == 0) return {};
  std::vector<std::vector<size_t>> chosen(elements.size());
  // Equally far apart from a random start on: so each has the same chance, and none comes twice.
  const double start = Random();
  size_t item = 0;
  size_t before = 0;  // elements of the items before
  for (size_t i = 0; i < wanted; ++i) {
    const double place = (static_cast<double>(i) + start) * all / static_cast<double>(wanted);
    const auto position = static_cast<size_t>(std::min(place, all - 1));
    while (position >= before + elements[item]) before += elements[item++];
    chosen[item].push_back(position - before);
  }
  return chosen;
}

void LiveAccuracy::Check(std::vector<std::unique_ptr<LiveSamples>> samples) {
  auto job = std::make_unique<CheckJob>(*this, std::move(samples));
  const size_t elements = job->elements();
  if (waiting_.fetch_add(elements) + elements > kMaxWaiting) {
    metrics_.AccuracySamplesDropped(static_cast<int64_t>(elements));
    return;
  }
  const absl::Status status = scheduler_.Submit(*job);
  if (status.ok()) {
    job.release();  // NOLINT(bugprone-unused-return-value): it deletes itself
  } else if (absl::IsResourceExhausted(status)) {
    metrics_.AccuracySamplesDropped(static_cast<int64_t>(elements));
  }
}

}  // namespace actbench
