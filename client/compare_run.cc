// SPDX-License-Identifier: Apache-2.0
#include "client/compare_run.h"

#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/arguments.h"
#include "client/client.h"
#include "client/compare_cases.h"
#include "client/interrupt.h"
#include "client/progress_bar.h"
#include "client/run_source.h"

namespace actbench::client {
namespace {

// What the work needs that Ctrl-C stops.
class Comparer {
 public:
  Comparer(const CompareRun& run, const ServerFlags& server) : run_(run), server_(server), interrupt_(cancellation_) {}
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;

  // Errors have been told.
  std::optional<Comparison> Compare() {
    absl::StatusOr<Comparison> comparison = CompareSides();
    bar_.Clear();
    if (cancellation_.cancelled()) EndCancelled();
    if (comparison.ok()) return *std::move(comparison);
    from_server_ ? Fail(comparison.status(), server_) : Fail(comparison.status());
    return std::nullopt;
  }

 private:
  absl::StatusOr<Comparison> CompareSides() {
    const absl::StatusOr<SidePlugins> plugins = SidePlugins::Make(run_.sides);
    if (!plugins.ok()) return plugins.status();
    ServerFlags server = server_;
    server.plugins.insert(server.plugins.end(), plugins->flags().begin(), plugins->flags().end());
    absl::StatusOr<Client> client = OpenClient(server);
    if (!client.ok()) return client.status();
    client->set_cancellation(&cancellation_);
    from_server_ = true;
    const absl::StatusOr<bool> kernels = HasKernels(*client);
    if (!kernels.ok()) return kernels.status();
    same_content_ = plugins->same_content();
    absl::StatusOr<Comparison> comparison = *kernels ? CompareKernelsOf(*client) : CompareRunsOf(*client);
    if (!comparison.ok()) return comparison.status();
    comparison->base = run_.base_label.empty() ? run_.sides.base : run_.base_label;
    comparison->head = run_.head_label.empty() ? run_.sides.head : run_.head_label;
    for (ComparisonRow& row : comparison->rows) row.accepted = MatchesAny(row, run_.accept);
    return comparison;
  }

  absl::StatusOr<bool> HasKernels(Client& client) const {
    const absl::StatusOr<v1::ListKernelsResponse> list = client.ListKernels();
    if (!list.ok()) return list.status();
    std::set<std::string> providers;
    for (const v1::Kernel& kernel : list->kernels()) providers.insert(kernel.provider());
    return AreKernels(run_.sides, std::vector<std::string>(providers.begin(), providers.end()));
  }

  absl::StatusOr<Comparison> CompareKernelsOf(Client& client) {
    if (run_.force) return absl::InvalidArgumentError("--force is for runs, but BASE and HEAD are kernels");
    const absl::StatusOr<std::map<std::string, double>> parameters = ParseParameters(run_.parameters);
    if (!parameters.ok()) return parameters.status();
    const absl::StatusOr<PairedKernels> paired =
        PairKernels(client, run_.kernels, ProviderOf(run_.sides.base, kBase), ProviderOf(run_.sides.head, kHead));
    if (!paired.ok()) return paired.status();
    Comparison comparison;
    if (absl::Status timed = Time(client, *paired, *parameters, comparison); !timed.ok()) return timed;
    for (const v1::SpeedComparison& skipped : paired->skipped) comparison.rows.push_back({skipped});
    return comparison;
  }

  absl::Status Time(Client& client, const PairedKernels& paired, const std::map<std::string, double>& parameters,
                    Comparison& comparison) {
    if (paired.pairs.empty()) return absl::OkStatus();
    v1::RunPairedBenchmarkRequest request;
    std::vector<const KernelPair*> pairs;
    for (const KernelPair& pair : paired.pairs) {
      absl::StatusOr<std::vector<v1::PairedCase>> cases = MakePairedCases(client, {&pair, 1}, parameters, run_.inputs);
      if (!cases.ok()) return cases.status();
      pairs.insert(pairs.end(), cases->size(), &pair);
      for (v1::PairedCase& one : *cases) *request.add_cases() = std::move(one);
    }
    *request.mutable_plan() = run_.plan;
    absl::StatusOr<v1::CompareRunsResponse> compared = client.RunPairedBenchmark(
        request, {[this](const v1::BenchmarkProgress& progress) { bar_.Show(progress); }, nullptr});
    if (!compared.ok()) return compared.status();
    if (static_cast<size_t>(compared->comparisons_size()) != pairs.size()) {
      return absl::InternalError(
          absl::StrCat("the server gave ", compared->comparisons_size(), " comparisons for ", pairs.size(), " cases"));
    }
    for (v1::SpeedComparison& one : *compared->mutable_comparisons()) comparison.rows.push_back({std::move(one)});
    comparison.summary = std::move(*compared->mutable_summary());
    if (same_content_) {
      for (ComparisonRow& row : comparison.rows) row.differing = 0;
      return absl::OkStatus();
    }
    return MeasureAccuracies(client, pairs, parameters, run_.accuracy, bar_, comparison.rows);
  }

  absl::StatusOr<Comparison> CompareRunsOf(Client& client) {
    if (!run_.for_kernels.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(run_.for_kernels, " is for kernels, but BASE and HEAD are runs"));
    }
    v1::CompareRunsRequest request;
    request.set_force(run_.force);
    request.set_threshold(run_.plan.threshold());
    const std::string& base = run_.sides.base;
    const std::string& head = run_.sides.head;
    absl::Status loaded = SetRun(base, *request.mutable_base(), [&] { return request.mutable_base_run(); });
    if (loaded.ok()) loaded = SetRun(head, *request.mutable_head(), [&] { return request.mutable_head_run(); });
    if (!loaded.ok()) return loaded;
    absl::StatusOr<v1::CompareRunsResponse> compared = client.CompareRuns(request);
    if (!compared.ok()) return WithHint(compared.status());
    return FromRuns(*std::move(compared));
  }

  // What to do about different machines.
  static absl::Status WithHint(const absl::Status& status) {
    const bool machines = absl::IsFailedPrecondition(status) && absl::StrContains(status.message(), "fingerprint");
    if (!machines || absl::StrContains(status.message(), "--force")) return status;
    return absl::FailedPreconditionError(absl::StrCat(status.message(), "; --force compares them all the same"));
  }

  // A name as such, a file by what it has.
  template <class MutableRun>
  static absl::Status SetRun(const std::string& argument, std::string& name, const MutableRun& run) {
    name = argument;
    if (KindOf(argument) == SideKind::kName) return absl::OkStatus();
    absl::StatusOr<v1::BenchmarkRun> loaded = LoadRunFile(argument);
    if (!loaded.ok()) return loaded.status();
    *run() = *std::move(loaded);
    return absl::OkStatus();
  }

  Comparison FromRuns(v1::CompareRunsResponse compared) const {
    Comparison comparison;
    comparison.summary = std::move(*compared.mutable_summary());
    for (v1::SpeedComparison& one : *compared.mutable_comparisons()) {
      if (run_.accuracy == AccuracyInputsChoice::kOff) {
        one.clear_base_accuracy();
        one.clear_head_accuracy();
      }
      comparison.rows.push_back({std::move(one)});
    }
    for (const auto& [names, side] :
         {std::pair(&compared.only_in_base(), "BASE"), std::pair(&compared.only_in_head(), "HEAD")}) {
      for (const std::string& name : *names) {
        v1::SpeedComparison skipped;
        skipped.set_name(name);
        skipped.set_outcome(v1::OUTCOME_SKIPPED);
        skipped.set_message(absl::StrCat("only ", side, " has it"));
        comparison.rows.push_back({std::move(skipped)});
      }
    }
    return comparison;
  }

  [[noreturn]] void EndCancelled() {
    Fail(absl::CancelledError("interrupted, the server's work is stopped; nothing is written"));
    EndInterrupted();
  }

  const CompareRun& run_;
  const ServerFlags& server_;
  Cancellation cancellation_;
  Interrupt interrupt_;
  ProgressBar bar_;
  bool same_content_ = false;  // whether both are plug-ins with the same code: nothing is to be measured of accuracy
  bool from_server_ = false;   // whether an error is one of a call
};

}  // namespace

std::optional<Comparison> Compare(const CompareRun& run, const ServerFlags& server) {
  return Comparer(run, server).Compare();
}

}  // namespace actbench::client
