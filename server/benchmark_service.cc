// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_service.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kernels/measure/fingerprint.h"
#include "server/benchmark_convert.h"
#include "server/benchmark_plan.h"
#include "server/build_id.h"
#include "server/compare_runs.h"
#include "server/convert.h"
#include "server/log.h"
#include "server/paired_call.h"
#include "server/unary_call.h"

namespace actbench {
namespace {

constexpr absl::Duration kProgressPeriod = absl::Milliseconds(100);

// The most fields of requests that have few, and of a run's, whose cases have some twenty each.
constexpr int64_t kMaxValues = 64;
constexpr int64_t kMaxRunValues = int64_t{1} << 20;

// What all runs of this server have in common.
v1::BenchmarkRun MakeRunOrigin(const Catalog& catalog, const std::string& build_id) {
  v1::BenchmarkRun origin;
  ToProto(GetBuildInfo(), *origin.mutable_build());
  origin.set_build_id(build_id);
  DescribeMachine(catalog, *origin.mutable_machine());
  const std::vector<FingerprintField> fingerprint = ReadFingerprint();
  for (const FingerprintField& field : fingerprint) {
    v1::FingerprintField& out = *origin.add_fingerprint();
    out.set_name(field.name);
    out.set_value(field.value);
  }
  origin.set_fingerprint_hash(HashOf(fingerprint));
  return origin;
}

// GPUs, in runs that have cases on one. The hashes of the others stay what they are without.
void AddGpus(const BenchmarkPlan& plan, v1::BenchmarkRun& run) {
  std::map<std::string, GpuInfo> gpus;
  for (const PlannedCase& planned : plan.cases) {
    if (!planned.benchmark.has_value() || planned.benchmark->kernel->on_device == nullptr) continue;
    const GpuInfo& info = planned.benchmark->kernel->on_device->gpu().info();
    gpus.emplace(info.device, info);
  }
  if (gpus.empty()) return;
  std::vector<FingerprintField> fingerprint;
  for (const v1::FingerprintField& field : run.fingerprint()) fingerprint.push_back({field.name(), field.value()});
  for (const auto& [device, info] : gpus) {
    fingerprint.push_back(
        {device, absl::StrCat(info.model, ", ", info.memory_bytes >> 20, " MiB, driver of CUDA ", info.driver)});
    v1::FingerprintField& out = *run.add_fingerprint();
    out.set_name(fingerprint.back().name);
    out.set_value(fingerprint.back().value);
  }
  run.set_fingerprint_hash(HashOf(fingerprint));
}

class RunCall final : public JobCall {
 public:
  RunCall(const BenchmarkServices& services, const grpc::CallbackServerContext& context)
      : JobCall(services.calls, "RunBenchmark", context), services_(services) {}

 private:
  static BenchmarkJob& Of(Job& job) { return static_cast<BenchmarkJob&>(job); }

  Message& request() override { return request_; }

  absl::StatusOr<std::shared_ptr<Job>> MakeJob(absl::Time deadline, DoneFunction done) override {
    absl::StatusOr<BenchmarkPlan> plan = PlanBenchmark(request_, services_.catalog, services_.limits);
    if (!plan.ok()) return plan.status();
    // Who gives a name wants to find it again.
    const absl::Status stored = plan->name.empty() ? absl::OkStatus() : services_.runs.CanWrite();
    if (!stored.ok()) return stored;
    work().metrics.BenchmarkStarted();
    return std::make_shared<BenchmarkJob>(*std::move(plan), services_.tools, deadline, YieldsTo(work().scheduler),
                                          std::move(done));
  }

  void Interrupt(Job& job) override { Of(job).Interrupt(); }

  Response Progress(Job& job, int queue_place) override {
    auto response = std::make_shared<v1::RunBenchmarkResponse>();
    *response->mutable_progress() = Of(job).progress();
    response->mutable_progress()->set_queue_place(queue_place);
    return response;
  }

  // On the ticker's thread: the store is read without waiting.
  std::vector<Response> TakeResults(Job& job) override {
    std::vector<Response> responses;
    for (v1::BenchmarkResult& result : Of(job).TakeResults()) {
      SetCertifiedAccuracy(result);
      *run_.add_results() = result;
      auto response = std::make_shared<v1::RunBenchmarkResponse>();
      *response->mutable_result() = std::move(result);
      responses.push_back(std::move(response));
    }
    return responses;
  }

  bool ConclusionStores(const Job& /*job*/) const override { return true; }

  Response Conclusion(Job& job) override {
    const BenchmarkJob& finished = Of(job);
    v1::BenchmarkRun run = services_.origin;
    AddGpus(finished.plan(), run);
    run.mutable_results()->Swap(run_.mutable_results());
    run.set_name(finished.plan().name);
    SetTime(finished.start(), *run.mutable_time());
    run.set_seconds(absl::ToDoubleSeconds(finished.duration()));
    *run.mutable_plan() = ToProto(finished.plan().each);
    for (const v1::BenchmarkResult& result : run.results()) {
      const bool measured = result.outcome() == v1::OUTCOME_MEASURED;
      measured ? run.set_measured(run.measured() + 1) : run.set_unmeasured(run.unmeasured() + 1);
    }
    Count(finished.plan(), run);
    if (const absl::Status status = services_.runs.Add(run); !status.ok()) {
      // The client has it all the same.
      run.clear_id();
      run.set_unsaved(true);
      Log(LogLevel::kWarning, absl::StrCat("a benchmark run could not be stored: ", std::string(status.message())));
    }
    auto response = std::make_shared<v1::RunBenchmarkResponse>();
    response->mutable_run()->Swap(&run);
    response->mutable_run()->clear_results();
    return response;
  }

  // For the metrics. The results are in the order of the cases.
  void Count(const BenchmarkPlan& plan, const v1::BenchmarkRun& run) const {
    Metrics& metrics = work().metrics;
    metrics.BenchmarkCompleted(EndOf(run));
    for (size_t i = 0; i < plan.cases.size() && i < static_cast<size_t>(run.results_size()); ++i) {
      const v1::BenchmarkResult& result = run.results(static_cast<int>(i));
      CountDiscarded(result.noise(), metrics);
      metrics.BenchmarkCaseEnded(CaseOutcomeOf(result.outcome()));
      if (result.outcome() != v1::OUTCOME_MEASURED) continue;
      const BenchmarkCase& benchmark = *plan.cases[i].benchmark;
      if (!benchmark.IsUsual() || !HasSizeOfWorkingSet(benchmark)) continue;
      const v1::CallTime& time = result.time();
      const double width = time.median_high_ns() - time.median_low_ns();
      metrics.BenchmarkMeasured(*benchmark.kernel, *ParseWorkingSet(result.working_set()),
                                time.median_ns() * 1e-9 / static_cast<double>(benchmark.elements),
                                time.median_low_ns() > 0 ? width / time.median_ns() : std::nan(""));
    }
  }

  // What is certified for all inputs goes before samples; of gradients that at dy = 1, as samples are.
  void SetCertifiedAccuracy(v1::BenchmarkResult& result) const {
    if (result.outcome() != v1::OUTCOME_MEASURED) return;
    CertificateStore::Filter filter;
    filter.activation = result.kernel().activation();
    filter.direction = result.kernel().direction();
    filter.dtype = result.kernel().dtype();
    filter.selector.set_provider(result.kernel().provider());
    filter.selector.set_tier(result.kernel().tier());
    filter.selector.set_isa(result.kernel().isa());
    filter.selector.set_device(result.kernel().device());
    filter.current_only = true;
    filter.unit_upstream = true;
    filter.parameters = result.parameters();
    const absl::StatusOr<v1::ListCertificatesResponse> found = services_.certificates.List(filter, 0, "");
    if (!found.ok()) return;
    const bool gradient = result.kernel().direction() == v1::DIRECTION_GRADIENT;
    const auto place = std::find_if(found->certificates().begin(), found->certificates().end(), [&](const auto& one) {
      return one.mode() == (gradient ? "exhaustive_unit_upstream" : "exhaustive");
    });
    if (place == found->certificates().end()) return;
    const v1::Certificate& certificate = *place;
    v1::BenchmarkAccuracy& accuracy = *result.mutable_accuracy();
    accuracy.set_max_ulp(certificate.report().max_ulp());
    accuracy.set_mode(certificate.mode());
    accuracy.set_certificate_id(certificate.id());
    accuracy.set_checked(certificate.report().checked());
    accuracy.set_misrounded(certificate.report().misrounded());
    accuracy.set_output_hash(certificate.report().output_hash());
  }

  const BenchmarkServices& services_;
  v1::RunBenchmarkRequest request_;
  v1::BenchmarkRun run_;  // of the results that were taken
};

absl::Status NoCheck(const google::protobuf::Message& /*request*/) { return absl::OkStatus(); }

absl::StatusOr<std::shared_ptr<const v1::ListRunsResponse>> List(const RunStore& runs,
                                                                 const v1::ListRunsRequest& request) {
  absl::StatusOr<v1::ListRunsResponse> list =
      runs.List({.name = request.name(), .fingerprint_hash = request.fingerprint_hash()}, request.page_size(),
                request.page_token());
  if (!list.ok()) return list.status();
  return std::make_shared<const v1::ListRunsResponse>(*std::move(list));
}

absl::StatusOr<std::shared_ptr<const v1::GetRunResponse>> Get(const RunStore& runs, const std::string& run) {
  absl::StatusOr<v1::BenchmarkRun> found = runs.Get(run);
  if (!found.ok()) return found.status();
  auto response = std::make_shared<v1::GetRunResponse>();
  response->mutable_run()->Swap(&*found);
  return response;
}

absl::StatusOr<std::shared_ptr<const v1::DeleteRunResponse>> Delete(RunStore& runs, const std::string& run) {
  absl::StatusOr<std::string> id = runs.Delete(run);
  if (!id.ok()) return id.status();
  auto response = std::make_shared<v1::DeleteRunResponse>();
  response->set_id(*std::move(id));
  return response;
}

// The run of a request: of this id or name, or as given.
absl::StatusOr<v1::BenchmarkRun> RunOf(const RunStore& runs, bool is_given, const v1::BenchmarkRun& given,
                                       const std::string& name) {
  return is_given ? given : runs.Get(name);
}

absl::StatusOr<std::shared_ptr<const v1::CompareRunsResponse>> Compare(const RunStore& runs, const Limits& limits,
                                                                       const v1::CompareRunsRequest& request) {
  const absl::StatusOr<v1::BenchmarkRun> base = RunOf(runs, request.has_base_run(), request.base_run(), request.base());
  if (!base.ok()) return base.status();
  const absl::StatusOr<v1::BenchmarkRun> head = RunOf(runs, request.has_head_run(), request.head_run(), request.head());
  if (!head.ok()) return head.status();
  for (const v1::BenchmarkRun* const run : {&*base, &*head}) {
    if (absl::Status status = CheckCaseCount(run->results_size(), limits); !status.ok()) return status;
  }
  absl::StatusOr<v1::CompareRunsResponse> response = CompareRuns(*base, *head, request.force(), request.threshold());
  if (!response.ok()) return response.status();
  return std::make_shared<const v1::CompareRunsResponse>(*std::move(response));
}

}  // namespace

BenchmarkService::BenchmarkService(const Catalog& catalog, const Limits& limits, const WorkServices& work,
                                   const CertificateStore& certificates, RunStore& runs, BenchmarkTools tools)
    : tools_(std::move(tools)),
      origin_(MakeRunOrigin(catalog, KernelBuildId())),
      ticker_(kProgressPeriod),
      services_{catalog, limits, certificates, runs, origin_, tools_, {work, ticker_, writes_}} {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BenchmarkService::RunBenchmark(grpc::CallbackServerContext* context,
                                                                           const grpc::ByteBuffer* request) {
  const auto call = std::make_shared<RunCall>(services_, *context);
  // gRPC made the buffer for this call alone and reads it no more: emptying it frees the memory early.
  call->Start(const_cast<grpc::ByteBuffer&>(*request), kMaxRunValues);
  return call.get();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BenchmarkService::RunPairedBenchmark(grpc::CallbackServerContext* context,
                                                                                 const grpc::ByteBuffer* request) {
  const std::shared_ptr<JobCall> call = MakePairedCall(services_, *context);
  call->Start(const_cast<grpc::ByteBuffer&>(*request), kMaxRunValues);
  return call.get();
}

grpc::ServerUnaryReactor* BenchmarkService::CompareRuns(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return AnswerLater<v1::CompareRunsRequest>(
      {context, "CompareRuns", request, response}, kMaxRunValues, services_.calls.work.calls,
      services_.calls.work.metrics, comparisons_, NoCheck,
      [this](const v1::CompareRunsRequest& message) { return Compare(services_.runs, services_.limits, message); });
}

grpc::ServerUnaryReactor* BenchmarkService::ListRuns(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return AnswerLater<v1::ListRunsRequest>(
      {context, "ListRuns", request, response}, kMaxValues, services_.calls.work.calls, services_.calls.work.metrics,
      reads_, NoCheck, [this](const v1::ListRunsRequest& message) { return List(services_.runs, message); });
}

grpc::ServerUnaryReactor* BenchmarkService::GetRun(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return AnswerLater<v1::GetRunRequest>(
      {context, "GetRun", request, response}, kMaxValues, services_.calls.work.calls, services_.calls.work.metrics,
      reads_, NoCheck, [this](const v1::GetRunRequest& message) { return Get(services_.runs, message.run()); });
}

grpc::ServerUnaryReactor* BenchmarkService::DeleteRun(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return AnswerLater<v1::DeleteRunRequest>(
      {context, "DeleteRun", request, response}, kMaxValues, services_.calls.work.calls, services_.calls.work.metrics,
      writes_, NoCheck, [this](const v1::DeleteRunRequest& message) { return Delete(services_.runs, message.run()); });
}

}  // namespace actbench
