// SPDX-License-Identifier: Apache-2.0
// The methods of Client (client.h) whose answer is a stream.
#include <optional>
#include <utility>

#include "client/call.h"
#include "client/client.h"

namespace actbench {

using client::ReadStream;

absl::StatusOr<v1::Certificate> Client::MeasureAccuracy(const v1::MeasureAccuracyRequest& request,
                                                        const OnAccuracyProgress& on_progress) {
  const absl::Time deadline = Deadline();
  if (absl::Status fits = CheckSize(request, deadline); !fits.ok()) return fits;
  std::optional<v1::Certificate> certificate;
  const auto on_message = [&](v1::MeasureAccuracyResponse& response) {
    if (response.has_certificate()) certificate = std::move(*response.mutable_certificate());
    if (response.has_progress() && on_progress != nullptr) on_progress(response.progress());
  };
  const absl::Status status =
      ReadStream(*accuracy_, &v1::AccuracyService::Stub::MeasureAccuracy, request, deadline, cancellation_, on_message);
  if (!status.ok()) return status;
  if (!certificate.has_value()) return absl::InternalError("the server's measurement ended without a result");
  return *std::move(certificate);
}

absl::StatusOr<v1::Comparison> Client::CompareKernels(const v1::CompareKernelsRequest& request,
                                                      const OnAccuracyProgress& on_progress) {
  const absl::Time deadline = Deadline();
  if (absl::Status fits = CheckSize(request, deadline); !fits.ok()) return fits;
  std::optional<v1::Comparison> comparison;
  const auto on_message = [&](v1::CompareKernelsResponse& response) {
    if (response.has_comparison()) comparison = std::move(*response.mutable_comparison());
    if (response.has_progress() && on_progress != nullptr) on_progress(response.progress());
  };
  const absl::Status status =
      ReadStream(*accuracy_, &v1::AccuracyService::Stub::CompareKernels, request, deadline, cancellation_, on_message);
  if (!status.ok()) return status;
  if (!comparison.has_value()) return absl::InternalError("the server's comparison ended without a result");
  return *std::move(comparison);
}

absl::StatusOr<v1::BenchmarkRun> Client::RunBenchmark(const v1::RunBenchmarkRequest& request, const OnBenchmark& on) {
  const absl::Time deadline = Deadline();
  if (absl::Status fits = CheckSize(request, deadline); !fits.ok()) return fits;
  std::optional<v1::BenchmarkRun> run;
  google::protobuf::RepeatedPtrField<v1::BenchmarkResult> results;
  const auto on_message = [&](v1::RunBenchmarkResponse& response) {
    if (response.has_progress() && on.progress != nullptr) on.progress(response.progress());
    if (response.has_result()) {
      if (on.result != nullptr) on.result(response.result());
      *results.Add() = std::move(*response.mutable_result());
    }
    if (response.has_run()) run = std::move(*response.mutable_run());
  };
  const absl::Status status =
      ReadStream(*benchmark_, &v1::BenchmarkService::Stub::RunBenchmark, request, deadline, cancellation_, on_message);
  if (!status.ok()) return status;
  if (!run.has_value()) return absl::InternalError("the server's run ended without its last message");
  run->mutable_results()->Swap(&results);
  return *std::move(run);
}

absl::StatusOr<v1::CompareRunsResponse> Client::RunPairedBenchmark(const v1::RunPairedBenchmarkRequest& request,
                                                                   const OnPairedBenchmark& on) {
  const absl::Time deadline = Deadline();
  if (absl::Status fits = CheckSize(request, deadline); !fits.ok()) return fits;
  v1::CompareRunsResponse compared;
  const auto on_message = [&](v1::RunPairedBenchmarkResponse& response) {
    if (response.has_progress() && on.progress != nullptr) on.progress(response.progress());
    if (response.has_comparison()) {
      if (on.comparison != nullptr) on.comparison(response.comparison());
      *compared.add_comparisons() = std::move(*response.mutable_comparison());
    }
    if (response.has_summary()) *compared.mutable_summary() = std::move(*response.mutable_summary());
  };
  const absl::Status status = ReadStream(*benchmark_, &v1::BenchmarkService::Stub::RunPairedBenchmark, request,
                                         deadline, cancellation_, on_message);
  if (!status.ok()) return status;
  if (!compared.has_summary()) return absl::InternalError("the server's comparison ended without its last message");
  return compared;
}

}  // namespace actbench
