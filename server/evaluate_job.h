// SPDX-License-Identifier: Apache-2.0
// An Evaluate request as a job of the scheduler. Works in place: where the dtype stays, the outputs overwrite the
// request's own tensors, which then move into the response. Tested by evaluate_job_test.cc and evaluate_test.cc.
#ifndef ACTBENCH_SERVER_EVALUATE_JOB_H_
#define ACTBENCH_SERVER_EVALUATE_JOB_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/evaluation.pb.h"
#include "kernels/accuracy/error.h"
#include "kernels/catalog.h"
#include "server/evaluate_plan.h"
#include "server/limits.h"
#include "server/live_accuracy.h"
#include "server/metrics.h"
#include "server/mutex.h"
#include "server/scheduler.h"
#include "server/self_check.h"

namespace actbench {

class EvaluateJob final : public Job {
 public:
  // Checks all items. The references must outlive the job; `request` and `response` are no one else's until `done`,
  // which gets Done's status when the response is complete. `live`, if there is one, chooses what TakeSamples
  // gives; `self_check`, if there is one, learns which kernels served.
  EvaluateJob(v1::EvaluateRequest& request, v1::EvaluateResponse& response, const Catalog& catalog,
              const Limits& limits, Metrics& metrics, absl::Time deadline,
              std::function<void(const absl::Status&)> done, LiveAccuracy* live = nullptr,
              SelfCheck* self_check = nullptr);

  // The memory that the request, the work and the response take together, of bad items too.
  int64_t memory_bytes() const { return memory_bytes_; }

  // Makes the outputs that do not go where inputs came from. To be called once, before the job is submitted: tens of
  // milliseconds for 64 MiB are too long for a chunk.
  void AllocateOutputs();

  // Some inputs and outputs, to be checked when the answer was sent. To be called once, after a Done with OK.
  std::vector<std::unique_ptr<LiveSamples>> TakeSamples();

  JobClass job_class() const override { return JobClass::kInteractive; }
  size_t chunk_count() const override { return chunk_ends_.size(); }
  void RunChunk(size_t chunk) override;
  void Done(const absl::Status& status) override;
  absl::Time deadline() const override { return deadline_; }
  bool is_brief() const override { return is_brief_; }

 private:
  using Clock = std::chrono::steady_clock;

  // An item at work. Counters are summed over chunks, which run at the same time.
  struct Item {
    absl::StatusOr<EvaluatePlan> plan;
    std::unique_ptr<LiveSamples> samples;  // null most often
    size_t first_piece = 0;                // its pieces are consecutive
    size_t end_piece = 0;
    std::atomic<int64_t> queue_ns = -1;  // until the first chunk starts
    std::atomic<int64_t> compute_ns = 0;
    std::atomic<int64_t> copy_ns = 0;
    std::atomic<int64_t> to_device_ns = 0;
    std::atomic<int64_t> from_device_ns = 0;
    absl::Status failure;  // of a device; guarded by failure_mutex_ while chunks run
  };
  // Elements [begin, end) of an item.
  struct Piece {
    Item* item;
    size_t begin;
    size_t end;
    ErrorReport error;  // of its own elements; indices are those of the whole tensor
  };

  // Cuts all items into pieces, and fills chunks with these.
  void Cut();
  void ChooseSamples(LiveAccuracy& live);
  void RunPiece(Piece& piece);
  // Runs elements [begin, end); `inputs` and `outputs` are from `begin` on.
  void RunKernel(Item& item, absl::Span<const void* const> inputs, absl::Span<void* const> outputs, size_t begin,
                 size_t end);
  // As RunPiece, but through a small buffer, so that the inputs are still there for measuring the error and the output
  // can have another dtype.
  void RunBuffered(Piece& piece);
  // Measures, converts and copies the outputs of elements [begin, begin + n) of a piece, which lie elsewhere.
  void Deliver(Piece& piece, size_t begin, size_t n, const std::array<void*, 2>& outputs);
  // Whether pieces of these items may go to a device together: with one kernel and the same parameters.
  static bool RunTogether(const EvaluatePlan& a, const EvaluatePlan& b);
  // evaluate_device.cc: pieces that run together, but for those of an item that failed before.
  void RunOnDevice(absl::Span<Piece> pieces);
  void RunOnDevice(absl::Span<Piece* const> pieces);
  bool HasFailed(const Item& item);
  void Fail(Item& item, const absl::Status& status);
  void WriteResult(Item& item, v1::EvaluateItem& request, v1::EvaluateResult& result);
  void WriteError(const Item& item, v1::ErrorReport& report) const;
  v1::EvaluateResult& ResultOf(const Item& item);

  v1::EvaluateRequest& request_;
  v1::EvaluateResponse& response_;
  Metrics& metrics_;
  SelfCheck* const self_check_;
  const absl::Time deadline_;
  const Clock::time_point accepted_;
  std::function<void(const absl::Status&)> done_;
  const size_t item_count_;
  const std::unique_ptr<Item[]> items_;
  std::vector<Piece> pieces_;
  std::vector<size_t> chunk_ends_;  // chunk i is the pieces from the end of the one before to this
  bool waits_ = false;              // for a device
  bool is_brief_ = false;
  Mutex failure_mutex_;
  int64_t memory_bytes_ = 0;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_EVALUATE_JOB_H_
