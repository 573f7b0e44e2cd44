// SPDX-License-Identifier: Apache-2.0
// Compares a sampled fraction of what Evaluate answers with the definitions, in the background, for the metrics.
// Thread-safe. Tested by live_accuracy_test.cc.
#ifndef ACTBENCH_SERVER_LIVE_ACCURACY_H_
#define ACTBENCH_SERVER_LIVE_ACCURACY_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "kernels/activation_info.h"
#include "kernels/kernel.h"
#include "server/metrics.h"
#include "server/scheduler.h"

namespace actbench {

// The chosen elements of one item and, once they were copied, their values. What it refers to is the catalog's.
struct LiveSamples {
  LiveSamples(const ActivationInfo& item_activation, const Kernel& item_kernel, std::vector<double> item_parameters,
              std::vector<size_t> chosen);

  // Copies those of elements [begin, end): `data` are the inputs, or the outputs, from element `begin` on. Ranges that
  // do not overlap may be copied at a time.
  void CopyInputs(absl::Span<const void* const> data, size_t begin, size_t end);
  void CopyOutputs(absl::Span<const void* const> data, size_t begin, size_t end);

  const ActivationInfo* activation;
  const Kernel* kernel;
  std::vector<double> parameters;
  std::vector<size_t> positions;             // ascending
  std::array<std::vector<char>, 3> inputs;   // x [, gate] [, dy]
  std::array<std::vector<char>, 2> outputs;  // as many as the kernel has

 private:
  template <size_t kCount>
  void Copy(absl::Span<const void* const> data, size_t begin, size_t end,
            std::array<std::vector<char>, kCount>& buffers) const;
};

class LiveAccuracy {
 public:
  // Of one request at most so many elements are chosen, ...
  static constexpr size_t kMaxOfRequest = 64;
  // ... and at most so many wait for their check; those of further requests are dropped and counted.
  static constexpr size_t kMaxWaiting = 8192;

  // `rate` is the fraction of all elements, from 0 to 1.
  LiveAccuracy(double rate, Scheduler& scheduler, Metrics& metrics)
      : rate_(rate), scheduler_(scheduler), metrics_(metrics) {}

  // Which elements of a request's items, whose numbers of elements are given, are to be checked: for each item
  // ascending positions; nothing at all most often. Every element is as likely as every other.
  std::vector<std::vector<size_t>> Choose(absl::Span<const size_t> elements);

  // Checks what was copied, once the scheduler has nothing better to do, or drops it.
  void Check(std::vector<std::unique_ptr<LiveSamples>> samples);

 private:
  class CheckJob;

  // Uniform in [0, 1); the same sequence each time the program runs.
  double Random();

  const double rate_;
  Scheduler& scheduler_;
  Metrics& metrics_;
  std::atomic<uint64_t> draws_ = 0;
  std::atomic<size_t> waiting_ = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_LIVE_ACCURACY_H_
