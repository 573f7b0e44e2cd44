// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_job.h"

#include <utility>

#include "absl/time/clock.h"

namespace actbench {

absl::StatusOr<std::unique_ptr<AccuracyJob>> AccuracyJob::Make(AccuracyPlan plan, absl::Time deadline,
                                                               std::function<void(const absl::Status&)> done) {
  std::unique_ptr<AccuracyJob> job(new AccuracyJob(std::move(plan), deadline, std::move(done)));
  const AccuracyPlan& kept = job->plan_;
  absl::StatusOr<std::unique_ptr<Measurement>> measurement =
      Measurement::Make(kept.kernels, *kept.activation, kept.parameters, kept.inputs);
  if (!measurement.ok()) return measurement.status();
  job->measurement_ = *std::move(measurement);
  return job;
}

void AccuracyJob::RunChunk(size_t chunk) {
  Clock::rep none = 0;
  start_.compare_exchange_strong(none, Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  measurement_->RunPiece(chunk);
}

void AccuracyJob::Done(const absl::Status& status) {
  duration_ = Elapsed();
  end_ = absl::Now();
  // Whoever is told may delete the job at once, on another thread.
  const std::function<void(const absl::Status&)> done = std::move(done_);
  done(status.ok() ? measurement_->status() : status);
}

absl::Duration AccuracyJob::Elapsed() const {
  const Clock::rep start = start_.load(std::memory_order_relaxed);
  if (start == 0) return absl::ZeroDuration();
  return absl::FromChrono(Clock::now().time_since_epoch() - Clock::duration(start));
}

AccuracyJob::Progress AccuracyJob::progress() const {
  Progress progress = {.inputs_done = measurement_->inputs_done(),
                       .inputs_total = measurement_->inputs_total(),
                       .remaining = absl::InfiniteDuration()};
  if (progress.inputs_done > 0) {
    const auto left = static_cast<double>(progress.inputs_total - progress.inputs_done);
    progress.remaining = Elapsed() * (left / static_cast<double>(progress.inputs_done));
  }
  return progress;
}

}  // namespace actbench
