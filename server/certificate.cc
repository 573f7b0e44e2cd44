// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "kernels/accuracy/claim.h"
#include "server/accuracy_convert.h"
#include "server/convert.h"

namespace actbench {
namespace {

bool HasDefaultParameters(const v1::Certificate& certificate) {
  const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(certificate.kernel().activation());
  if (!activation.ok()) return false;
  const std::span<const Parameter> parameters = (*activation)->Parameters();
  return certificate.parameters().size() == parameters.size() &&
         std::all_of(parameters.begin(), parameters.end(), [&](const Parameter& parameter) {
           const auto given = certificate.parameters().find(std::string(parameter.name));
           return given != certificate.parameters().end() && given->second == parameter.default_value;
         });
}

}  // namespace

v1::Certificate MakeOrigin(const Catalog& catalog) {
  v1::Certificate origin;
  ToProto(GetBuildInfo(), *origin.mutable_build());
  DescribeMachine(catalog, *origin.mutable_machine());
  return origin;
}

google::protobuf::Map<std::string, double> NamedParameters(const ActivationInfo& activation,
                                                           const std::vector<double>& values) {
  google::protobuf::Map<std::string, double> named;
  for (size_t i = 0; i < values.size(); ++i) named[std::string(activation.Parameters()[i].name)] = values[i];
  return named;
}

v1::Certificate MakeCertificate(const v1::Certificate& origin, const CertificateStore& store, const AccuracyJob& job,
                                size_t kernel, const AccuracyReport& report) {
  const AccuracyPlan& plan = job.plan();
  v1::Certificate certificate = origin;
  ToProto(*plan.kernels[kernel], *certificate.mutable_kernel());
  certificate.set_build_id(store.build_id(plan.kernels[kernel]->provider));
  *certificate.mutable_parameters() = NamedParameters(*plan.activation, plan.parameters);
  certificate.set_mode(std::string(plan.mode));
  ToProto(report, plan.format(), *certificate.mutable_report());
  *certificate.mutable_time() = google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(job.end()));
  certificate.set_seconds(absl::ToDoubleSeconds(job.duration()));
  return certificate;
}

bool IsRepresentative(const v1::Certificate& certificate) {
  const bool all_inputs = certificate.mode() == "exhaustive" || (certificate.mode() == "exhaustive_unit_upstream" &&
                                                                 certificate.kernel().dtype() == v1::DTYPE_F32);
  return all_inputs && HasDefaultParameters(certificate);
}

void SetClaim(v1::Certificate& certificate) {
  certificate.clear_claim();
  const v1::Kernel& of = certificate.kernel();
  const std::optional<Direction> direction = FromProto(of.direction());
  const std::optional<Dtype> dtype = FromProto(of.dtype());
  if (!direction.has_value() || !dtype.has_value()) return;
  const Kernel kernel = {of.activation(), *direction, *dtype, of.provider(), of.tier(), of.device(), of.isa(), {}};
  const std::optional<Claim> claim =
      ClaimOf(kernel, {.default_parameters = HasDefaultParameters(certificate),
                       .unit_upstream = absl::EndsWith(certificate.mode(), "_unit_upstream")});
  if (!claim.has_value() || !claim->everywhere) return;
  const v1::AccuracyReport& report = certificate.report();
  certificate.mutable_claim()->set_max_ulp(claim->max_ulp);
  certificate.mutable_claim()->set_correctly_rounded(claim->correctly_rounded);
  certificate.mutable_claim()->set_kept(IsKept(*claim, report.max_ulp(), report.misrounded()));
}

void PublishCertificates(const CertificateStore& store, const Catalog& catalog, Metrics& metrics) {
  const absl::StatusOr<std::vector<std::string>> ids = store.NewestCurrent();
  if (!ids.ok()) return;  // the store has said so
  std::map<std::pair<std::string, std::string>, const Kernel*> kernels;
  for (const Kernel& kernel : catalog.kernels()) kernels[{kernel.Name(), kernel.device}] = &kernel;
  for (const std::string& id : *ids) {
    const absl::StatusOr<v1::Certificate> certificate = store.Get(id);
    if (!certificate.ok() || !IsRepresentative(*certificate)) continue;
    const auto kernel = kernels.find({certificate->kernel().name(), certificate->kernel().device()});
    if (kernel == kernels.end()) continue;
    const v1::AccuracyReport& report = certificate->report();
    const int64_t time_us = google::protobuf::util::TimeUtil::TimestampToMicroseconds(certificate->time());
    metrics.AccuracyCertified(*kernel->second, report.max_ulp(), report.mean_ulp(), absl::FromUnixMicros(time_us));
  }
}

}  // namespace actbench
