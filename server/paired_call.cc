// SPDX-License-Identifier: Apache-2.0
#include "server/paired_call.h"

#include <utility>
#include <vector>

#include "server/benchmark_convert.h"
#include "server/paired_convert.h"
#include "server/paired_job.h"
#include "server/paired_plan.h"

namespace actbench {
namespace {

class PairedCall final : public JobCall {
 public:
  PairedCall(const BenchmarkServices& services, const grpc::CallbackServerContext& context)
      : JobCall(services.calls, "RunPairedBenchmark", context), services_(services) {}

 private:
  static PairedJob& Of(Job& job) { return static_cast<PairedJob&>(job); }

  Message& request() override { return request_; }

  absl::StatusOr<std::shared_ptr<Job>> MakeJob(absl::Time deadline, DoneFunction done) override {
    absl::StatusOr<PairedPlan> plan = PlanPairedBenchmark(request_, services_.catalog, services_.limits);
    if (!plan.ok()) return plan.status();
    work().metrics.BenchmarkStarted();
    return std::make_shared<PairedJob>(*std::move(plan), services_.tools, deadline, YieldsTo(work().scheduler),
                                       std::move(done));
  }

  void Interrupt(Job& job) override { Of(job).Interrupt(); }

  Response Progress(Job& job, int queue_place) override {
    auto response = std::make_shared<v1::RunPairedBenchmarkResponse>();
    *response->mutable_progress() = Of(job).progress();
    response->mutable_progress()->set_queue_place(queue_place);
    return response;
  }

  // Verdicts depend on all cases, so there are none before the end.
  std::vector<Response> TakeResults(Job& job) override {
    std::vector<Response> responses;
    for (v1::SpeedComparison& comparison : Of(job).TakeResults()) {
      Count(comparison);
      auto response = std::make_shared<v1::RunPairedBenchmarkResponse>();
      *response->mutable_comparison() = std::move(comparison);
      responses.push_back(std::move(response));
    }
    return responses;
  }

  bool ConclusionStores(const Job& /*job*/) const override { return false; }

  Response Conclusion(Job& job) override {
    const PairedJob& finished = Of(job);
    auto response = std::make_shared<v1::RunPairedBenchmarkResponse>();
    v1::ComparisonSummary& summary = *response->mutable_summary();
    SetTime(finished.start(), *summary.mutable_time());
    summary.set_seconds(absl::ToDoubleSeconds(finished.duration()));
    *summary.mutable_build() = services_.origin.build();
    *summary.mutable_machine() = services_.origin.machine();
    *summary.mutable_fingerprint() = services_.origin.fingerprint();
    summary.set_fingerprint_hash(services_.origin.fingerprint_hash());
    *summary.mutable_plan() = ToProto(finished.plan());
    summary.set_paired(true);
    work().metrics.BenchmarkCompleted(finished.start() + finished.duration());
    return response;
  }

  void Count(const v1::SpeedComparison& comparison) const {
    Metrics& metrics = work().metrics;
    metrics.BenchmarkCaseEnded(CaseOutcomeOf(comparison.outcome()));
    CountDiscarded(comparison.noise(), metrics);
    if (comparison.verdict() != v1::VERDICT_UNSPECIFIED) metrics.BenchmarkJudged(VerdictOf(comparison.verdict()));
  }

  const BenchmarkServices& services_;
  v1::RunPairedBenchmarkRequest request_;
};

}  // namespace

std::shared_ptr<JobCall> MakePairedCall(const BenchmarkServices& services, const grpc::CallbackServerContext& context) {
  return std::make_shared<PairedCall>(services, context);
}

}  // namespace actbench
